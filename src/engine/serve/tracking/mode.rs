//! How a client tracks the keys that it reads.

use std::collections::BTreeSet;

use crate::engine::state::Tracker;
use crate::session::Tracking;

/// The mode of a client that tracks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine::serve) struct Mode {
    /// What others need to know.
    pub(in crate::engine::serve) tracker: Tracker,
    /// Which keys it remembers without being told.
    pub(in crate::engine::serve) caching: Caching,
}

/// Which keys a client remembers without `CLIENT CACHING`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine::serve) enum Caching {
    /// All that it reads.
    #[default]
    Always,
    /// None (`OPTIN`).
    OptIn,
    /// All (`OPTOUT`).
    OptOut,
}

/// The tracking of a client.
#[derive(Clone, Debug, Default)]
pub(in crate::engine::serve) struct ClientTracking {
    /// How it tracks; `None` if it does not.
    pub(in crate::engine::serve) mode: Option<Mode>,
    /// Whether `CLIENT CACHING` concerns its next command or transaction.
    pub(in crate::engine::serve) is_caching: bool,
}

impl ClientTracking {
    /// Whether the client remembers what it reads now (`trackingRememberKeys`).
    pub(in crate::engine::serve) fn remembers(&self) -> bool {
        let Some(mode) = self.mode.as_ref().filter(|it| !it.tracker.is_broadcast) else {
            return false;
        };
        match mode.caching {
            Caching::Always => true,
            Caching::OptIn => self.is_caching,
            Caching::OptOut => !self.is_caching,
        }
    }

    /// What CLIENT LIST shows of it.
    pub(in crate::engine::serve) fn shown(&self) -> Option<Tracking> {
        let tracker = &self.mode.as_ref()?.tracker;
        Some(Tracking { redirect: tracker.redirect, broadcast: tracker.is_broadcast })
    }

    /// The words of `flags` in the reply to CLIENT TRACKINGINFO.
    pub(in crate::engine::serve) fn flags(&self, is_broken: bool) -> Vec<&'static str> {
        let Some(mode) = &self.mode else { return vec!["off"] };
        let is = |caching: Caching| mode.caching == caching;
        let all = [
            (true, "on"),
            (mode.tracker.is_broadcast, "bcast"),
            (is(Caching::OptIn), "optin"),
            (is(Caching::OptIn) && self.is_caching, "caching-yes"),
            (is(Caching::OptOut), "optout"),
            (is(Caching::OptOut) && self.is_caching, "caching-no"),
            (mode.tracker.is_silent, "noloop"),
            (is_broken, "broken_redirect"),
        ];
        all.into_iter().filter(|(is_set, _)| *is_set).map(|(_, word)| word).collect()
    }

    /// The prefixes, in their order.
    pub(in crate::engine::serve) fn prefixes(&self) -> BTreeSet<Box<[u8]>> {
        self.mode.as_ref().map(|mode| mode.tracker.prefixes.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caching_turns_the_default_of_the_mode_round() {
        let with = |caching, is_caching| ClientTracking {
            mode: Some(Mode { caching, ..Mode::default() }),
            is_caching,
        };
        assert!(!ClientTracking::default().remembers());
        assert!(with(Caching::Always, false).remembers());
        assert!(!with(Caching::OptIn, false).remembers() && with(Caching::OptIn, true).remembers());
        assert!(
            with(Caching::OptOut, false).remembers() && !with(Caching::OptOut, true).remembers()
        );
        assert_eq!(
            with(Caching::OptIn, true).flags(true),
            ["on", "optin", "caching-yes", "broken_redirect"]
        );
        assert_eq!(ClientTracking::default().flags(false), ["off"]);
    }
}
