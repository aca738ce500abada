//! Lua scripts and functions, as Redis and Valkey run them.
//!
//! No socket, no task and no clock: a script calls commands through a [`Host`], which the server
//! that runs it implements. Scripts stay on the thread that made them.

#![forbid(unsafe_code)]

mod api;
mod commands;
mod denied;
mod functions;
mod host;
mod libs;
mod port;
mod random;
mod running;
mod sandbox;
mod scripts;
mod shebang;
mod state;
mod values;

pub use api::Version;
pub use commands::Scripting;
pub use denied::is_denied;
pub use functions::{FunctionInfo, Functions, Library};
pub use host::{Call, CommandInfo, Host, LogLevel, Pulse, Replicate};
pub use running::{Meanwhile, Running};
pub use scripts::{Run, Scripts};
pub use shebang::Flags;
pub use state::Limits;
