//! A request as it was read, and what the reader does after it.

use tokio::time::Instant;

/// What the reader does after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Next {
    /// It goes on with the next request.
    Done,
    /// It comes back to this request later.
    Wait,
}

/// A complete multibulk request.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Request<'a> {
    /// All of its bytes.
    pub(in crate::client) frame: &'a [u8],
    /// Where it lies in the batch's buffer, unless the proxy made it.
    pub(in crate::client) range: Option<(usize, usize)>,
    /// The first argument.
    pub(in crate::client) name: &'a [u8],
    /// The second argument.
    pub(in crate::client) second: Option<&'a [u8]>,
    /// The number of arguments, the name counted.
    pub(in crate::client) argc: usize,
    /// Whether the client wants a reply to it (`CLIENT REPLY`).
    pub(in crate::client) shown: bool,
    /// When it began to wait, if it was held up to now.
    pub(in crate::client) turn: Option<Instant>,
}

impl<'a> Request<'a> {
    /// The same request with other bytes, which the proxy made. `second` stays.
    pub(in crate::client) const fn made(&self, frame: &'a [u8]) -> Self {
        Self { frame, range: None, ..*self }
    }
}
