//! RESP: where a frame ends, what a request says, how a reply is written.
//!
//! Never holds a socket, never copies what it can point at, and never trusts a length. Every limit
//! of the protocol is in [`limits`].

pub mod args;
pub mod encode;
pub mod header;
pub mod inline;
pub mod integer;
pub mod limits;
mod protocol_error;
pub mod reply;
pub mod request;

pub use args::Args;
pub use limits::Limits;
pub use reply::{ReplyScanner, ReplyStep};
pub use request::{RequestScanner, RequestStep};

/// The protocol version of a connection, as negotiated with `HELLO`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RespVersion {
    /// RESP2, with which every connection starts.
    #[default]
    V2,
    /// RESP3, after `HELLO 3`.
    V3,
}

impl RespVersion {
    /// The number that `HELLO` uses.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }
}
