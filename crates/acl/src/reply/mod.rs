//! The command `ACL`: what a client asks, and the reply.

mod answer;
mod getuser;
mod help;
mod log;
mod parse;

pub use answer::{Asking, answer};
pub use parse::AclCommand;
