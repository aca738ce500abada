//! What every command is: which servers may answer it, where its keys are, what it does to the
//! session.
//!
//! There is one declarative row per command and subcommand of every Redis up to 8.2 and Valkey up
//! to 9.1 ([`lookup`], [`all`]), the proxy's own command PROXY, and the commands that a master has
//! beyond those ([`Learned`], from its own `COMMAND` reply). [`resolve()`] asks all of them.
//!
//! Never does I/O, has no time and no tasks, never checks the syntax or arity of a request for a
//! server, and never decides a route. An unknown command is no read: it goes to the master as a
//! write.

mod access;
mod arity;
mod costly;
mod effect;
mod index;
mod keys;
mod learned;
mod resolve;
mod row;
mod table;
#[cfg(test)]
mod tests;
mod versions;
mod wait_time;

pub use access::Access;
pub use arity::{fits, wrong_arity};
pub use costly::may_be_costly;
pub use effect::{Blocking, ClientCommand, Effect, ProxyCommand, Subscription};
pub use index::{NUMBERS, all, lookup, number, row};
pub use keys::{Keys, Positions};
pub use learned::{Learned, LearnedCommand};
pub use resolve::{Resolved, resolve};
pub use row::Command;
pub use versions::{Version, Versions, old_arity, versions};
pub use wait_time::WaitTime;
