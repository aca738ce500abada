//! Single commands: the table of commands agrees with real servers, and each command is answered
//! through the proxy as a server answers it.

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
mod table;
mod versions;
