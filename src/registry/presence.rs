//! Whether the registry's entry of a client (`CLIENT LIST`) has to be updated. An update locks the
//! entry, so it happens once per turn at most.

use std::borrow::Cow;

/// What changed about a client since its entry was updated.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    /// The last command.
    command: Cow<'static, str>,
    /// The same in the entry.
    shown_command: Cow<'static, str>,
    /// The client sent or received something since the last turn.
    is_active: bool,
    /// Something else about the session may have changed since the entry was updated.
    has_changed: bool,
    /// The bytes of waiting requests and replies in the entry.
    shown: (usize, usize),
}

impl Presence {
    /// The last command.
    pub(crate) const fn command(&self) -> &Cow<'static, str> {
        &self.command
    }

    /// The client's last command is this one of the table.
    #[inline]
    pub(crate) fn note(&mut self, name: &'static str) {
        if !std::ptr::eq(self.command.as_ptr(), name.as_ptr()) {
            self.command = Cow::Borrowed(name);
        }
    }

    /// The client's last command is this one, which the table need not have.
    pub(crate) fn note_any(&mut self, name: &str) {
        if name != self.command {
            self.command = Cow::Owned(name.to_owned());
        }
    }

    /// The client sent or received something.
    pub(crate) const fn touch(&mut self) {
        self.is_active = true;
    }

    /// Something about the session may have changed.
    pub(crate) const fn change(&mut self) {
        self.has_changed = true;
    }

    /// Whether something about the session may have changed since the entry was updated.
    fn has_changed(&self) -> bool {
        let is_shown = match (&self.command, &self.shown_command) {
            // Comparing the addresses is enough: a difference only means one more update.
            (Cow::Borrowed(own), Cow::Borrowed(shown)) => {
                std::ptr::eq(own.as_ptr(), shown.as_ptr())
            }
            (own, shown) => own == shown,
        };
        self.has_changed || !is_shown
    }

    /// Whether the entry has to be updated, although as many bytes wait as before. Returns these.
    pub(crate) fn take_change(&mut self) -> Option<(usize, usize)> {
        let waiting = self.shown;
        self.take_news(waiting).then_some(waiting)
    }

    /// Whether the client sent or received something since the last call.
    pub(crate) const fn take_activity(&mut self) -> bool {
        std::mem::replace(&mut self.is_active, false)
    }

    /// Whether the entry has to be updated, now that `waiting` bytes of requests and replies wait.
    pub(crate) fn take_news(&mut self, waiting: (usize, usize)) -> bool {
        let has_changed = self.has_changed();
        if has_changed {
            self.has_changed = false;
            self.shown_command.clone_from(&self.command);
        }
        let before = std::mem::replace(&mut self.shown, waiting);
        has_changed || before != waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_is_updated_only_after_a_change() {
        let mut presence = Presence::default();
        assert!(!presence.take_news((0, 0)) && presence.take_news((0, 7)));
        assert!(!presence.take_news((0, 7)) && !presence.take_activity());
        let get = "get";
        presence.note(get);
        assert!(presence.has_changed() && presence.take_news((0, 7)));
        presence.note(get);
        presence.note_any("get");
        assert!(!presence.has_changed(), "the same command");
        presence.note_any("json.get");
        assert_eq!(presence.command(), "json.get");
        assert!(presence.take_news((0, 7)));
        presence.touch();
        presence.change();
        assert!(presence.take_activity() && !presence.take_activity());
        assert!(presence.take_news((0, 7)));
    }
}
