//! What the reply to WAIT depends on: whether the client wrote, and whether the master took the
//! marker that was sent in front of the WAIT.

use crate::worker::offset_marker;

/// What the reply to WAIT depends on.
#[derive(Debug, Default)]
pub(in crate::client) struct WaitState {
    /// The client sent a request that may have been a write.
    has_written: bool,
    /// Why the master refused the marker.
    refusal: Option<String>,
}

impl WaitState {
    /// The client sent a request; `may_write` if it may have been a write.
    #[inline]
    pub(in crate::client) const fn sent(&mut self, may_write: bool) {
        self.has_written |= may_write;
    }

    /// Whether the client has sent a request that may have been a write.
    pub(in crate::client) const fn has_written(&self) -> bool {
        self.has_written
    }

    /// No marker is in front of the next WAIT.
    pub(in crate::client) fn unmark(&mut self) {
        self.refusal = None;
    }

    /// The master has answered the marker.
    pub(in crate::client) fn marked(&mut self, reply: &[u8]) {
        self.refusal = offset_marker::refusal(reply).map(|words| format!("ERR {words}"));
    }

    /// Takes the error that the client gets in place of the reply to WAIT.
    pub(in crate::client) fn take_refusal(&mut self) -> Option<String> {
        self.refusal.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_marker_takes_the_place_of_the_reply_once() {
        let mut state = WaitState::default();
        state.sent(false);
        assert!(!state.has_written());
        state.sent(true);
        state.sent(false);
        assert!(state.has_written());
        state.marked(b"-NOPERM no permissions\r\n");
        let refusal = state.take_refusal();
        assert!(refusal.is_some_and(|text| text.starts_with("ERR ")));
        assert_eq!(state.take_refusal(), None);
        state.marked(b"-NOPERM no permissions\r\n");
        state.unmark();
        assert_eq!(state.take_refusal(), None);
    }
}
