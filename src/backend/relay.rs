//! The frames of a leased connection that answer no request.

use tidegate_wire::resp::{Args, RespVersion};

/// Which frames of a leased connection answer no request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Relay {
    /// No frames.
    #[default]
    Nothing,
    /// Pub/Sub messages as arrays, in RESP2.
    Messages,
    /// Pub/Sub messages and invalidations as pushes, in RESP3.
    Pushes,
    /// All frames: the client reads what the server does (`MONITOR`).
    Everything,
}

impl Relay {
    /// The form in which a session of this version gets messages.
    #[must_use]
    pub const fn of(version: RespVersion) -> Self {
        match version {
            RespVersion::V2 => Self::Messages,
            RespVersion::V3 => Self::Pushes,
        }
    }
}

/// Whether `frame`, which is whole, answers a request. In RESP3 a push may do so.
pub(super) fn is_reply(relay: Relay, frame: &[u8]) -> bool {
    let kind = || Args::new(frame).next().unwrap_or_default();
    match (relay, frame.first()) {
        (Relay::Everything, _) => false,
        (_, Some(b'>')) => is_confirmation(kind()),
        (Relay::Messages, Some(b'*')) => !matches!(kind(), b"message" | b"pmessage" | b"smessage"),
        (Relay::Nothing | Relay::Messages | Relay::Pushes, _) => true,
    }
}

/// Whether a push of this kind confirms SUBSCRIBE or its like, and so answers a request.
fn is_confirmation(kind: &[u8]) -> bool {
    matches!(
        kind,
        b"subscribe"
            | b"unsubscribe"
            | b"psubscribe"
            | b"punsubscribe"
            | b"ssubscribe"
            | b"sunsubscribe"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_from_replies() {
        let message = b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n";
        assert!(!is_reply(Relay::Messages, message));
        for other in [Relay::Nothing, Relay::Pushes] {
            assert!(is_reply(other, message), "an LRANGE may answer just that");
        }
        let push = b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n";
        assert!(!is_reply(Relay::Pushes, push) && !is_reply(Relay::Nothing, push));
        let subscribed = b">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n";
        assert!(is_reply(Relay::Pushes, subscribed));
        assert!(!is_reply(Relay::Everything, b"+OK\r\n"));
    }
}
