//! Single commands: each is answered through the proxy as a server of the master's version answers
//! it. (The table of commands is held against real servers by the tests of `crates/wire`.)

pub mod client;
mod client_errors;
mod differential;
mod every_command;
mod inline_quotes;
mod operators;
mod out_of_band;
mod reply_modes;
mod scan;
mod scan_identity;
mod versions;
