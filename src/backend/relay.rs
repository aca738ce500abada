//! What a leased connection may send without being asked.

use tidegate_wire::resp::{Args, RespVersion};

/// How a leased connection's unrequested frames are told from replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Relay {
    /// There are none.
    #[default]
    Nothing,
    /// Pub/Sub messages as arrays, in RESP2.
    Messages,
    /// Pub/Sub messages and invalidations as pushes, in RESP3.
    Pushes,
    /// Everything: the session reads what the server does (`MONITOR`).
    Everything,
}

impl Relay {
    /// How a session that speaks `version` gets what it subscribed to.
    #[must_use]
    pub const fn of(version: RespVersion) -> Self {
        match version {
            RespVersion::V2 => Self::Messages,
            RespVersion::V3 => Self::Pushes,
        }
    }
}

/// Whether `frame`, complete, is a reply to a request although it is (RESP3) a push.
pub(super) fn is_reply(relay: Relay, frame: &[u8]) -> bool {
    let kind = || Args::new(frame).next().unwrap_or_default();
    match (relay, frame.first()) {
        (Relay::Everything, _) => false,
        (_, Some(b'>')) => is_confirmation(kind()),
        (Relay::Messages, Some(b'*')) => !matches!(kind(), b"message" | b"pmessage" | b"smessage"),
        (Relay::Nothing | Relay::Messages | Relay::Pushes, _) => true,
    }
}

/// Confirmations are the replies to their commands, even as pushes.
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
