//! The subscribers and the monitors of the engine's own port. Messages come from the replication
//! stream and from clients of the port.
//!
//! A publisher never waits for a listener. It leaves the message in the mailbox of each, which has
//! a limit, and wakes the client.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;

use super::clock::since_1970;
use super::mailbox::Mailbox;
use super::tracking::Tracking;
use tidegate_wire::command::Subscription;
use tidegate_wire::glob;

type Listeners = BTreeMap<u64, Arc<Mailbox>>;
type Topics = HashMap<Box<[u8]>, Listeners, RandomState>;

/// The subscribers and the monitors.
#[derive(Debug, Default)]
pub(in crate::engine) struct Hub {
    topics: Mutex<ByKind>,
    monitors: Mutex<Listeners>,
    /// The number of monitors. A publisher looks at nothing else while it is 0.
    monitoring: AtomicUsize,
    /// The clients that track keys.
    pub(in crate::engine) tracking: Tracking,
}

#[derive(Debug, Default)]
struct ByKind {
    channels: Topics,
    patterns: Topics,
    shards: Topics,
}

impl ByKind {
    fn of(&mut self, kind: Subscription) -> &mut Topics {
        match kind {
            Subscription::Channel => &mut self.channels,
            Subscription::Pattern => &mut self.patterns,
            Subscription::Shard => &mut self.shards,
        }
    }
}

impl Hub {
    /// Subscribes a listener to `name`.
    pub(in crate::engine) fn subscribe(
        &self,
        kind: Subscription,
        name: &[u8],
        mailbox: &Arc<Mailbox>,
    ) {
        let mut topics = self.topics();
        let listeners = topics.of(kind).entry(name.into()).or_default();
        listeners.insert(mailbox.id(), Arc::clone(mailbox));
    }

    /// Ends a subscription of a listener.
    pub(in crate::engine) fn unsubscribe(&self, kind: Subscription, name: &[u8], id: u64) {
        let mut topics = self.topics();
        if let Some(listeners) = topics.of(kind).get_mut(name) {
            listeners.remove(&id);
            if listeners.is_empty() {
                topics.of(kind).remove(name);
            }
        }
    }

    /// Adds a monitor.
    pub(in crate::engine) fn watch(&self, mailbox: &Arc<Mailbox>) {
        let mut monitors = self.monitors();
        monitors.insert(mailbox.id(), Arc::clone(mailbox));
        self.monitoring.store(monitors.len(), Relaxed);
    }

    /// Removes a monitor.
    pub(in crate::engine) fn unwatch(&self, id: u64) {
        let mut monitors = self.monitors();
        monitors.remove(&id);
        self.monitoring.store(monitors.len(), Relaxed);
    }

    /// Hands a message to the subscribers of a channel and returns their number
    /// (`pubsubPublishMessage`).
    pub(in crate::engine) fn publish(
        &self,
        channel: &[u8],
        message: &[u8],
        is_sharded: bool,
    ) -> usize {
        let topics = self.topics();
        let direct = if is_sharded { &topics.shards } else { &topics.channels };
        let kind: &[u8] = if is_sharded { b"smessage" } else { b"message" };
        let mut reached = 0;
        for mailbox in direct.get(channel).into_iter().flat_map(BTreeMap::values) {
            mailbox.push(&[kind, channel, message]);
            reached += 1;
        }
        let patterns = topics.patterns.iter().filter(|_| !is_sharded);
        for (pattern, listeners) in patterns.filter(|(it, _)| glob::matches(it, channel)) {
            for mailbox in listeners.values() {
                mailbox.push(&[b"pmessage", pattern, channel, message]);
                reached += 1;
            }
        }
        reached
    }

    /// Whether there is a monitor.
    pub(in crate::engine) fn is_monitored(&self) -> bool {
        self.monitoring.load(Relaxed) > 0
    }

    /// Sends a command of `client` to all monitors (`replicationFeedMonitors`).
    pub(in crate::engine) fn monitor(&self, db: usize, client: &str, args: &[&[u8]]) {
        let now = since_1970();
        let (seconds, micros) = (now.as_secs(), now.subsec_micros());
        let mut line = format!("+{seconds}.{micros:06} [{db} {client}]").into_bytes();
        for arg in args {
            line.extend_from_slice(b" \"");
            quote(arg, &mut line);
            line.push(b'"');
        }
        line.extend_from_slice(b"\r\n");
        for mailbox in self.monitors().values() {
            mailbox.push_raw(&line);
        }
    }

    /// `PUBSUB CHANNELS`, `PUBSUB SHARDCHANNELS`.
    pub(in crate::engine) fn names(
        &self,
        kind: Subscription,
        pattern: Option<&[u8]>,
    ) -> Vec<Box<[u8]>> {
        let mut topics = self.topics();
        let names = topics.of(kind).keys();
        names.filter(|it| pattern.is_none_or(|by| glob::matches(by, it))).cloned().collect()
    }

    /// `PUBSUB NUMSUB`, `PUBSUB SHARDNUMSUB`.
    pub(in crate::engine) fn count(&self, kind: Subscription, name: &[u8]) -> usize {
        self.topics().of(kind).get(name).map_or(0, BTreeMap::len)
    }

    /// Returns the number of names of a kind that have a subscriber (`PUBSUB NUMPAT`, `INFO`).
    pub(in crate::engine) fn len(&self, kind: Subscription) -> usize {
        self.topics().of(kind).len()
    }

    fn topics(&self) -> MutexGuard<'_, ByKind> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn monitors(&self) -> MutexGuard<'_, Listeners> {
        self.monitors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Escapes bytes as `sdscatrepr` does, without the quotes around them.
fn quote(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x07 => out.extend_from_slice(b"\\a"),
            0x08 => out.extend_from_slice(b"\\b"),
            b' '..=b'~' => out.push(byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_wire::resp::RespVersion;

    fn mailbox(id: u64, limit: usize) -> Arc<Mailbox> {
        Arc::new(Mailbox::new(id, limit, || {}))
    }

    fn taken(mailbox: &Mailbox) -> String {
        let mut out = Vec::new();
        mailbox.take(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn messages_reach_channels_patterns_and_shards() {
        let hub = Hub::default();
        let (one, two) = (mailbox(1, 1 << 20), mailbox(2, 1 << 20));
        hub.subscribe(Subscription::Channel, b"news", &one);
        hub.subscribe(Subscription::Pattern, b"n*", &one);
        hub.subscribe(Subscription::Shard, b"news", &two);
        assert_eq!(hub.publish(b"news", b"x", false), 2);
        let wanted = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\nx\r\n\
            *4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$1\r\nx\r\n";
        assert_eq!(taken(&one), wanted);
        two.speak(RespVersion::V3);
        assert_eq!(hub.publish(b"news", b"y", true), 1);
        assert_eq!(taken(&two), ">3\r\n$8\r\nsmessage\r\n$4\r\nnews\r\n$1\r\ny\r\n");
        assert_eq!(hub.names(Subscription::Channel, Some(b"x*")).len(), 0);
        assert_eq!(hub.count(Subscription::Channel, b"news"), 1);
        hub.unsubscribe(Subscription::Channel, b"news", 1);
        assert_eq!((hub.len(Subscription::Channel), hub.len(Subscription::Pattern)), (0, 1));
    }

    #[test]
    fn a_subscriber_that_does_not_read_is_cut_off_at_the_limit() {
        let hub = Hub::default();
        let slow = mailbox(1, 100);
        hub.subscribe(Subscription::Channel, b"c", &slow);
        for _ in 0..1000 {
            hub.publish(b"c", b"0123456789", false);
        }
        assert!(slow.is_over());
        assert!(taken(&slow).len() <= 100);
    }

    #[test]
    fn monitors_see_commands_as_redis_shows_them() {
        let hub = Hub::default();
        assert!(!hub.is_monitored());
        let one = mailbox(1, 1 << 20);
        hub.watch(&one);
        assert!(hub.is_monitored());
        hub.monitor(3, "127.0.0.1:1", &[b"SET", b"a\"\\\r\n\0\xff", b""]);
        let line = taken(&one);
        assert!(line.starts_with('+') && line.ends_with("\r\n"), "{line}");
        let (_, words) = line.split_once(" [").unwrap();
        assert_eq!(words, "3 127.0.0.1:1] \"SET\" \"a\\\"\\\\\\r\\n\\x00\\xff\" \"\"\r\n");
        hub.unwatch(1);
        assert!(!hub.is_monitored());
    }
}
