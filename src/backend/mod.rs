//! Connections to servers: shared and pipelined, or leased to one session.
//!
//! A connection takes whole requests as bytes. It puts the replies, as bytes, into the inboxes of the
//! clients that sent the requests, in the order of sending. It does not choose the server of a
//! request, and it sends each request once: a request that fails is handed back with the cause.

mod connection;
mod driver;
mod fault;
mod inbox;
mod load;
mod offsets;
mod pipeline;
mod pool;
mod relay;
mod renewals;
mod requests;
mod settling;
mod setup;
mod ticket;
mod waiters;

pub use connection::Connection;
pub use fault::{Cause, Failed, Refusal};
pub use inbox::{Event, Inbox, Whole};
pub use load::Load;
pub use offsets::{OffsetQuestions, Reader};
pub use pool::{DialOptions, Pool};
pub use relay::Relay;
pub(crate) use renewals::{Renewals, Turn};
pub use settling::Settling;
pub use setup::{ConnectionKey, Credentials, HandshakeError, ServerInfo, set_up};
pub use ticket::{Raises, Recall, Ticket};
pub use waiters::Waiters;
