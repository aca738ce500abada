//! Keyspace notifications: which events are wanted (`notify-keyspace-events`), and the channels to
//! which they are published (`notifyKeyspaceEvent`).

use crate::engine::state::Hub;
use tidegate_store::{EventClasses, KeyspaceEvent};

/// Which events are published, and where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Notifications {
    pub(super) classes: EventClasses,
    /// Whether the channel of the key gets them: `K`.
    by_key: bool,
    /// Whether the channel of the event gets them: `E`.
    by_event: bool,
}

impl Notifications {
    /// Reads a value of `notify-keyspace-events`; `None` if it has an unknown letter.
    pub(in crate::engine) fn of(letters: &str) -> Option<Self> {
        let classes = EventClasses::of(letters.as_bytes())?;
        let (by_key, by_event) = (letters.contains('K'), letters.contains('E'));
        let is_on = by_key || by_event;
        let classes = if is_on { classes } else { EventClasses::NONE };
        Some(Self { classes, by_key, by_event })
    }

    /// Publishes an event.
    pub(super) fn publish(self, hub: &Hub, event: &KeyspaceEvent<'_>) {
        let name = event.name.as_bytes();
        if self.by_key {
            let channel = [format!("__keyspace@{}__:", event.db).as_bytes(), event.key].concat();
            hub.publish(&channel, name, false);
        }
        if self.by_event {
            let channel = [format!("__keyevent@{}__:", event.db).as_bytes(), name].concat();
            hub.publish(&channel, event.key, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_store::EventClass;

    #[test]
    fn a_channel_has_to_be_named() {
        let both = Notifications::of("KEA").unwrap();
        assert!(both.by_key && both.by_event && both.classes.has(EventClass::String));
        let by_event = Notifications::of("Ex").unwrap();
        assert!(!by_event.by_key && by_event.classes.has(EventClass::Expired));
        assert_eq!(Notifications::of("A").unwrap(), Notifications::default());
        assert_eq!(Notifications::of("").unwrap(), Notifications::default());
        assert_eq!(Notifications::of("Ky"), None);
    }
}
