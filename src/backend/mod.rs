//! Connections to servers: shared and pipelined, or leased to one session.
//!
//! A connection takes whole requests as bytes and gives the replies, as bytes, to the inboxes of
//! those who asked, in the order of asking. It never decides where a request goes and never asks
//! twice: what fails is handed back with its request and the cause.

mod connection;
mod driver;
mod fault;
mod handshake;
mod inbox;
mod load;
mod pipeline;
mod pool;
mod receive;
mod relay;
mod requests;
#[cfg(test)]
mod tests;
mod ticket;
mod waiters;

pub use connection::Connection;
pub use fault::{Cause, Failed, Refusal};
pub use handshake::{Credentials, Greeting, HandshakeError, greet};
pub use inbox::{Event, Inbox, Whole};
pub use load::Load;
pub use pool::{DialOptions, Pool};
pub use relay::Relay;
pub use ticket::Ticket;
pub use waiters::Waiters;

use tidegate_wire::resp::RespVersion;

/// What a connection is set up for: requests of sessions that differ in any of these never share
/// one, so nothing of a session's state can leak through it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConnectionKey {
    /// The database that it has selected.
    pub db: u32,
    /// The protocol version that it speaks.
    pub version: RespVersion,
    /// Whether it said `CLIENT NO-TOUCH ON`.
    pub no_touch: bool,
    /// Whether it is logged in and nothing else: it is set up while the server runs a script, too,
    /// and carries only requests that need neither a database nor the server's identity.
    pub login_only: bool,
}
