//! `CLIENT REPLY`.

/// Whether the client wants replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyMode {
    /// To every request.
    #[default]
    On,
    /// To none.
    Off,
    /// Not to the next request, whose turn has not come.
    SkipNext,
}

impl ReplyMode {
    /// Whether the request at hand gets a reply; called once per request.
    pub fn wants_reply(&mut self) -> bool {
        match self {
            Self::On => true,
            Self::Off => false,
            Self::SkipNext => {
                *self = Self::On;
                false
            }
        }
    }
}
