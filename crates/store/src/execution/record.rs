//! How a command records what it does at a master beside its reply. At a replica, and without a
//! recorder, all of this does nothing.

use super::context::WriteCx;
use super::recorder::Recorder;
use crate::call::{Change, EventClass, LazyFree};
use crate::keyspace::{Slot, Value};

impl WriteCx<'_> {
    /// Whether the command runs at a master, for a client.
    pub(crate) const fn leads(&self) -> bool {
        self.recorder.is_some() && !self.from_master
    }

    /// Records an event of a key.
    #[inline]
    pub(crate) fn event(&self, class: EventClass, name: &'static str, key: &[u8]) {
        if let Some(recorder) = self.recorder {
            recorder.event(class, name, self.db, key);
        }
    }

    /// Notes that the commands stay apart in the stream.
    pub(crate) fn be_loose(&self) {
        if let Some(recorder) = self.recorder {
            recorder.be_loose();
        }
    }

    /// Records that a key was changed (`signalModifiedKey`).
    #[inline]
    pub(crate) fn changed(&self, key: &[u8]) {
        if let Some(recorder) = self.recorder {
            recorder.changed(self.db, key);
        }
    }

    /// Records that a key was changed, and the event.
    #[inline]
    pub(crate) fn signal(&self, class: EventClass, name: &'static str, key: &[u8]) {
        if let Some(recorder) = self.recorder {
            recorder.changed(self.db, key);
            recorder.event(class, name, self.db, key);
        }
    }

    /// Records that a key was removed because its new expiry is past.
    pub(crate) fn signal_past(&self, key: &[u8]) {
        let (is_expiry, name) = self.dialect().past_event();
        let class = if is_expiry { EventClass::Expired } else { EventClass::Generic };
        self.signal(class, name, key);
    }

    /// Records that a key was changed, the event, and that the key is gone if the last edit has
    /// emptied it.
    pub(crate) fn signal_edit(&self, class: EventClass, name: &'static str, key: &[u8]) {
        self.changed(key);
        self.event_of_edit(class, name, key);
    }

    /// Records an event, and that the key is gone if the last edit has emptied it.
    pub(crate) fn event_of_edit(&self, class: EventClass, name: &'static str, key: &[u8]) {
        self.event(class, name, key);
        if self.has_emptied {
            self.event(EventClass::Generic, "del", key);
        }
    }

    /// Records a change of whole databases, and that the stream gets the request even if they were
    /// empty.
    pub(crate) fn changed_widely(&self, change: Change<'_>) {
        if let Some(recorder) = self.recorder {
            recorder.changed_widely(change);
            recorder.force();
        }
    }

    /// Returns which removals are propagated as UNLINK.
    pub(crate) fn lazy_free(&self) -> LazyFree {
        self.recorder.map(Recorder::lazy_free).unwrap_or_default()
    }

    /// Records that a key may serve clients that block (`signalKeyAsReady`).
    pub(crate) fn ready(&self, key: &[u8]) {
        if let Some(recorder) = self.recorder {
            recorder.ready(self.db, key);
        }
    }

    /// Puts a command into the stream in place of the request (`rewriteClientCommandVector`), or
    /// after other commands in its place.
    pub(crate) fn replicate(&self, words: &[&[u8]]) {
        if let Some(recorder) = self.recorder {
            recorder.replace(self.db, words);
        }
    }

    /// Keeps the request out of the stream (`preventCommandPropagation`).
    pub(crate) fn replicate_nothing(&self) {
        if let Some(recorder) = self.recorder {
            recorder.omit();
        }
    }

    /// Records, at a master, that a read found no key.
    pub(crate) fn missed(&self, key: &[u8]) {
        self.event(EventClass::KeyMiss, "keymiss", key);
    }

    /// Records, at a master, that a read found no key, if the key is missing.
    pub(crate) fn miss(&self, key: &[u8]) {
        if self.recorder.is_some() && self.slot(key).is_none() {
            self.missed(key);
        }
    }

    /// Adds a key that is not there (`dbAdd`).
    pub(crate) fn put_new(&mut self, key: &[u8], expires: Option<i64>, value: Value) {
        self.db_mut().set(key, expires, value);
        self.added(key);
    }

    /// Sets a key to a value and replaces what was there (`setKey`).
    pub(crate) fn put_value(&mut self, key: &[u8], expires: Option<i64>, value: Value) {
        if self.begin_put(key) {
            let former = self.former_type(key);
            self.db_mut().set(key, expires, value);
            self.record_replaced(key, former);
        } else {
            self.put_new(key, expires, value);
        }
    }

    /// Prepares for replacing a key. Returns whether it is there, as far as a master has to know.
    #[inline]
    pub(crate) fn begin_put(&mut self, key: &[u8]) -> bool {
        if self.recorder.is_none() {
            return true;
        }
        self.drop_expired(key);
        self.db().get(key).is_some()
    }

    /// Returns the type of a value that is about to be replaced, if events want it (`overwritten`,
    /// `type_changed`).
    pub(crate) fn former_type(&self, key: &[u8]) -> Option<String> {
        let recorder = self.recorder.filter(|_| self.dialect().tells_replaced_values())?;
        let is_wanted = recorder.wants(EventClass::Overwritten);
        if !is_wanted && !recorder.wants(EventClass::TypeChanged) {
            return None;
        }
        let found = self.db().get(key).filter(|slot| !slot.is_expired(self.now));
        found.map(|slot| slot.value().type_name().to_owned())
    }

    /// Records that a value of this type was replaced.
    pub(crate) fn record_replaced(&self, key: &[u8], former: Option<String>) {
        let Some(former) = former else { return };
        self.event(EventClass::Overwritten, "overwritten", key);
        let now = self.db().get(key).map(|slot| slot.value().type_name());
        if now.is_some_and(|now| now != former) {
            self.event(EventClass::TypeChanged, "type_changed", key);
        }
    }

    /// Records that a key was added.
    pub(crate) fn added(&self, key: &[u8]) {
        let Some(recorder) = self.recorder else { return };
        recorder.event(EventClass::New, "new", self.db, key);
        if recorder.wants_ready() && self.db().get(key).and_then(Slot::awaited).is_some() {
            recorder.ready(self.db, key);
        }
    }
}
