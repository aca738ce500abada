//! `proxy.toml`: what `tidegate check` says of it before real servers, and what a reload changes in a
//! running proxy.

mod check;
mod check_rights;
mod reload;
mod reload_cut;
mod reload_login;
mod reload_sessions;
mod reload_under_load;
mod reload_watch;
