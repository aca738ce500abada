//! The channels and patterns to which a session subscribes.

use std::collections::HashSet;

use tidegate_wire::command::Subscription;

type Names = HashSet<Box<[u8]>, foldhash::fast::RandomState>;

/// What SUBSCRIBE, UNSUBSCRIBE or their like does to a session's subscriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The kind of its names.
    pub kind: Subscription,
    /// Whether it subscribes.
    pub adds: bool,
    /// Its names, in the order in which the server confirms them.
    pub names: Vec<Named>,
}

/// A name in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The channel or pattern.
    pub name: Box<[u8]>,
    /// Whether the request adds or removes it. If not, the server confirms it all the same.
    pub is_change: bool,
}

impl Change {
    /// The number of confirmations that the request gets. One without names gets one, too.
    #[must_use]
    pub fn confirmations(&self) -> u32 {
        u32::try_from(self.names.len().max(1)).unwrap_or(u32::MAX)
    }
}

/// The channels, patterns and shard channels of a session. They tell how many confirmations a
/// request gets, and when the last subscription ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscriptions {
    channels: Names,
    patterns: Names,
    shards: Names,
}

impl Subscriptions {
    /// Whether there is any subscription.
    #[must_use]
    pub fn any(&self) -> bool {
        !(self.channels.is_empty() && self.patterns.is_empty() && self.shards.is_empty())
    }

    /// The number of subscriptions of a kind.
    #[must_use]
    pub fn count(&self, kind: Subscription) -> usize {
        self.of(kind).len()
    }

    /// The names of a kind, in any order.
    pub fn of(&self, kind: Subscription) -> impl ExactSizeIterator<Item = &[u8]> {
        let names = match kind {
            Subscription::Channel => &self.channels,
            Subscription::Pattern => &self.patterns,
            Subscription::Shard => &self.shards,
        };
        names.iter().map(|name| &**name)
    }

    /// All names with their kinds.
    pub fn all(&self) -> impl Iterator<Item = (Subscription, &[u8])> {
        let kinds = [Subscription::Channel, Subscription::Pattern, Subscription::Shard];
        kinds.into_iter().flat_map(|kind| self.of(kind).map(move |name| (kind, name)))
    }

    /// Adds the names of SUBSCRIBE and its like.
    pub fn subscribe<'a>(
        &mut self,
        kind: Subscription,
        names: impl Iterator<Item = &'a [u8]>,
    ) -> Change {
        self.make(kind, true, names.map(Box::from).collect())
    }

    /// Removes the names of UNSUBSCRIBE and its like; without names, all of the kind.
    pub fn unsubscribe<'a>(
        &mut self,
        kind: Subscription,
        names: impl Iterator<Item = &'a [u8]>,
    ) -> Change {
        let mut names: Vec<Box<[u8]>> = names.map(Box::from).collect();
        if names.is_empty() {
            names = self.of(kind).map(Box::from).collect();
        }
        self.make(kind, false, names)
    }

    fn make(&mut self, kind: Subscription, adds: bool, names: Vec<Box<[u8]>>) -> Change {
        let names = names.into_iter().map(|name| Named { name, is_change: false }).collect();
        let mut change = Change { kind, adds, names };
        self.redo(&mut change);
        change
    }

    /// Makes a change that was undone, as if the request were sent now.
    pub fn redo(&mut self, change: &mut Change) {
        let names = self.names(change.kind);
        for Named { name, is_change } in &mut change.names {
            *is_change =
                if change.adds { names.insert(name.clone()) } else { names.remove(&**name) };
        }
        if names.is_empty() {
            *names = Names::default();
        }
    }

    /// Undoes what a request changed by its names from the index `from` on. Later requests must be
    /// undone already.
    pub fn undo(&mut self, change: &Change, from: usize) {
        let names = self.names(change.kind);
        for named in change.names[from..].iter().rev().filter(|named| named.is_change) {
            if change.adds {
                names.remove(&*named.name);
            } else {
                names.insert(named.name.clone());
            }
        }
    }

    fn names(&mut self, kind: Subscription) -> &mut Names {
        match kind {
            Subscription::Channel => &mut self.channels,
            Subscription::Pattern => &mut self.patterns,
            Subscription::Shard => &mut self.shards,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: Subscription = Subscription::Channel;

    #[test]
    fn counts_confirmations() {
        let mut subscriptions = Subscriptions::default();
        let names = [&b"a"[..], b"b", b"a"];
        let change = subscriptions.subscribe(CHANNEL, names.into_iter());
        let new = change.names.iter().filter(|named| named.is_change).count();
        assert_eq!((change.confirmations(), new), (3, 2));
        assert_eq!(subscriptions.count(CHANNEL), 2);
        let none = std::iter::empty;
        assert_eq!(subscriptions.unsubscribe(Subscription::Pattern, none()).confirmations(), 1);
        assert!(subscriptions.any());
        assert_eq!(subscriptions.unsubscribe(CHANNEL, none()).confirmations(), 2);
        assert!(!subscriptions.any());
    }

    #[test]
    fn a_change_is_undone_from_any_name_on() {
        let mut subscriptions = Subscriptions::default();
        subscriptions.subscribe(CHANNEL, [&b"a"[..]].into_iter());
        let before = subscriptions.clone();
        let mut change = subscriptions.subscribe(CHANNEL, [&b"b"[..], b"a", b"c"].into_iter());
        subscriptions.undo(&change, 1);
        assert!(subscriptions.of(CHANNEL).all(|name| matches!(name, b"a" | b"b")));
        subscriptions.undo(&change, 0);
        assert_eq!(subscriptions, before, "it had subscribed to a before");
        subscriptions.redo(&mut change);
        let all = subscriptions.unsubscribe(CHANNEL, std::iter::empty());
        assert_eq!((all.names.len(), subscriptions.any()), (3, false));
        subscriptions.undo(&all, 0);
        assert_eq!(subscriptions.count(CHANNEL), 3);
    }
}
