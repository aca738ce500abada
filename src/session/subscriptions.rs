//! The channels and patterns to which a session subscribes.

use std::collections::HashSet;

use tidegate_wire::command::Subscription;

type Names = HashSet<Box<[u8]>, foldhash::fast::RandomState>;

/// The channels, patterns and shard channels of a session. They tell how many confirmations a
/// request gets, and when the last subscription ends.
#[derive(Debug, Default)]
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

    /// Adds the names of SUBSCRIBE and its like. Returns the number of confirmations that the request
    /// will get, and the names that are new.
    pub fn subscribe<'a>(
        &mut self,
        kind: Subscription,
        names: impl Iterator<Item = &'a [u8]>,
    ) -> (u32, Vec<Box<[u8]>>) {
        let mut confirmations = 0;
        let mut new = Vec::new();
        for name in names {
            if self.names(kind).insert(name.into()) {
                new.push(name.into());
            }
            confirmations += 1;
        }
        (confirmations, new)
    }

    /// Removes the names of UNSUBSCRIBE and its like; without names, all of the kind. Returns the
    /// number of confirmations that the request will get.
    pub fn unsubscribe<'a>(
        &mut self,
        kind: Subscription,
        names: impl Iterator<Item = &'a [u8]>,
    ) -> u32 {
        let mut confirmations = 0;
        for name in names {
            self.names(kind).remove(name);
            confirmations += 1;
        }
        if confirmations == 0 {
            confirmations = u32::try_from(self.count(kind).max(1)).unwrap_or(u32::MAX);
            *self.names(kind) = Names::default();
        }
        confirmations
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

    #[test]
    fn counts_confirmations() {
        let mut subscriptions = Subscriptions::default();
        let names = [&b"a"[..], b"b", b"a"];
        let (confirmations, new) =
            subscriptions.subscribe(Subscription::Channel, names.into_iter());
        assert_eq!((confirmations, new.len()), (3, 2));
        assert_eq!(subscriptions.count(Subscription::Channel), 2);
        let none = std::iter::empty;
        assert_eq!(subscriptions.unsubscribe(Subscription::Pattern, none()), 1);
        assert!(subscriptions.any());
        assert_eq!(subscriptions.unsubscribe(Subscription::Channel, none()), 2);
        assert!(!subscriptions.any());
    }
}
