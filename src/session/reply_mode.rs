//! The modes of `CLIENT REPLY`.

/// The requests to which a client wants replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyMode {
    /// All requests.
    #[default]
    On,
    /// No request.
    Off,
    /// All requests but the next one.
    SkipNext,
}

impl ReplyMode {
    /// Whether the current request gets a reply; called once per request.
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
