//! What a leased connection may send without being asked.

use crate::resp::Args;

/// How a leased connection's unrequested frames are told from replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Relay {
    /// There are none.
    #[default]
    Nothing,
    /// Pub/Sub messages (as arrays to RESP2, as pushes to RESP3) and invalidations.
    Messages,
    /// Everything: the session reads what the server does (`MONITOR`).
    Everything,
}

/// Whether `frame`, complete, is a reply to a request although it is (RESP3) a push.
pub(super) fn is_reply(relay: Relay, frame: &[u8]) -> bool {
    let kind = || Args::new(frame).next().unwrap_or_default();
    match (relay, frame.first()) {
        (Relay::Everything, _) => false,
        (Relay::Nothing, Some(b'>')) => is_confirmation(kind()),
        (Relay::Nothing, _) => true,
        (Relay::Messages, Some(b'>')) => is_confirmation(kind()),
        (Relay::Messages, Some(b'*')) => !matches!(kind(), b"message" | b"pmessage" | b"smessage"),
        (Relay::Messages, _) => true,
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
        assert!(is_reply(Relay::Nothing, message), "an LRANGE may answer just that");
        let push = b">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n";
        assert!(!is_reply(Relay::Messages, push) && !is_reply(Relay::Nothing, push));
        let subscribed = b">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n";
        assert!(is_reply(Relay::Messages, subscribed));
        assert!(!is_reply(Relay::Everything, b"+OK\r\n"));
    }
}
