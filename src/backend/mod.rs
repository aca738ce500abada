//! Connections to servers: shared and pipelined, or leased to one session.
//!
//! A connection takes whole requests as bytes and gives the replies, as bytes, to the inboxes of
//! those who asked, in the order of asking. It never decides where a request goes and never asks
//! twice: what fails is handed back with its request and the cause.

mod connection;
mod driver;
mod fault;
mod inbox;
mod load;
mod pipeline;
mod pool;
mod receive;
mod relay;
mod requests;
mod setup;
#[cfg(test)]
mod tests;
mod ticket;
mod waiters;

pub use connection::Connection;
pub use fault::{Cause, Failed, Refusal};
pub use inbox::{Event, Inbox, Whole};
pub use load::Load;
pub use pool::{DialOptions, Pool};
pub use relay::Relay;
pub use setup::{ConnectionKey, Credentials, Greeting, HandshakeError, greet};
pub use ticket::Ticket;
pub use waiters::Waiters;
