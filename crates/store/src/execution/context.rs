//! The context in which a command runs: the data, the database, the time, the kind of caller.

use crate::call::{Budget, CommandError, EventClass};
use crate::dialect::Dialect;
use crate::keyspace::{Database, Dataset, Opaque, Slot, Typed, Value, ValueRef};
use crate::packing::Packing;

use super::recorder::Recorder;

/// The words of a request, the command's name first. Their number fits the arity.
pub(crate) type Args<'a> = &'a [&'a [u8]];

/// The result of a command: its reply is written, or the error.
pub(crate) type Done = Result<(), CommandError>;

/// The context of a command that reads. Expired keys do not exist for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadCx<'a> {
    pub(crate) data: &'a Dataset,
    /// The number of the database.
    pub(crate) db: usize,
    /// The time, in Unix milliseconds.
    pub(crate) now: i64,
    /// The steps that the command may take; `None` if there is no limit.
    pub(crate) budget: Option<&'a Budget>,
    /// Where a master records what it finds.
    pub(crate) recorder: Option<&'a Recorder>,
}

/// The context of a command that may change data.
#[derive(Debug)]
pub(crate) struct WriteCx<'a> {
    pub(crate) data: &'a mut Dataset,
    /// The number of the database, which exists.
    pub(crate) db: usize,
    /// The time, in Unix milliseconds.
    pub(crate) now: i64,
    /// Whether the command comes from the master: expired keys exist until the master deletes them.
    pub(crate) from_master: bool,
    /// Where a master records what a client's command does.
    pub(crate) recorder: Option<&'a Recorder>,
    /// Whether the last [`Self::edit`] left a collection empty, and so removed its key.
    pub(crate) has_emptied: bool,
}

impl<'a> ReadCx<'a> {
    pub(crate) fn dialect(&self) -> Dialect {
        self.data.dialect
    }

    /// Takes so many steps from the budget. A command calls it before the work, if the work grows
    /// with the data or with what the client asks for.
    ///
    /// # Errors
    /// [`CommandError::EXCESSIVE`] if there are not so many steps left.
    pub(crate) fn spend(&self, steps: usize) -> Result<(), CommandError> {
        match self.budget {
            Some(budget) if !budget.spend(steps as u64) => Err(CommandError::EXCESSIVE),
            _ => Ok(()),
        }
    }

    pub(crate) fn packing(&self) -> &'a Packing {
        &self.data.packing
    }

    pub(crate) fn database(&self) -> &'a Database {
        self.data.database(self.db)
    }

    /// Returns the key, unless it has expired.
    pub(crate) fn slot(&self, key: &[u8]) -> Option<&'a Slot> {
        let found = self.database().get(key).filter(|slot| !self.is_expired(slot));
        if found.is_none() {
            self.note_missing(key);
        }
        found
    }

    /// Returns the key, unless it has expired. A master does not record it as missed.
    pub(crate) fn slot_quietly(&self, key: &[u8]) -> Option<&'a Slot> {
        self.database().get(key).filter(|slot| !self.is_expired(slot))
    }

    /// Records, at a master, that a read found no key once more.
    pub(crate) fn missed(&self, key: &[u8]) {
        if let Some(recorder) = self.recorder {
            recorder.event(EventClass::KeyMiss, "keymiss", self.db, key);
        }
    }

    /// Records, at a master, that a key is missing, and that it expired if it is there.
    #[cold]
    fn note_missing(&self, key: &[u8]) {
        let Some(recorder) = self.recorder else { return };
        if self.database().get(key).is_some() {
            recorder.find_expired(self.db, key);
        }
        recorder.event(EventClass::KeyMiss, "keymiss", self.db, key);
    }

    /// Whether a key has expired.
    pub(crate) fn is_expired(&self, slot: &Slot) -> bool {
        slot.is_expired(self.now)
    }

    /// Whether a key has expired. A master records it, so that the key is deleted.
    pub(crate) fn is_expired_now(&self, slot: &Slot) -> bool {
        let is_expired = self.is_expired(slot);
        if is_expired && let Some(recorder) = self.recorder {
            recorder.find_expired(self.db, slot.key());
        }
        is_expired
    }

    /// Returns the value of a key, unless it has expired.
    #[inline]
    pub(crate) fn value(&self, key: &[u8]) -> Option<ValueRef<'a>> {
        self.slot(key).map(Slot::value)
    }

    /// Returns the value of a key, which has to be of this type.
    #[inline]
    pub(crate) fn read<T: Typed>(&self, key: &[u8]) -> Result<Option<T::Ref<'a>>, CommandError> {
        typed::<T>(self.value(key))
    }
}

impl WriteCx<'_> {
    pub(crate) fn dialect(&self) -> Dialect {
        self.data.dialect
    }

    pub(crate) fn packing(&self) -> Packing {
        self.data.packing
    }

    #[inline]
    pub(crate) fn db(&self) -> &Database {
        self.data.database(self.db)
    }

    #[inline]
    pub(crate) fn db_mut(&mut self) -> &mut Database {
        self.data.database_mut(self.db)
    }

    /// Adds to the number of changes, which is `rdb_changes_since_last_save`.
    #[inline]
    pub(crate) fn dirty(&mut self, changes: usize) {
        self.data.dirty += changes as u64;
    }

    /// Returns the context for reading the same data.
    pub(crate) fn reader(&self) -> ReadCx<'_> {
        // A master's command sees expired keys, so no time is late enough.
        let now = if self.from_master { i64::MIN } else { self.now };
        ReadCx { data: self.data, db: self.db, now, budget: None, recorder: self.recorder }
    }

    /// Returns the key, as [`Self::read`] finds it.
    pub(crate) fn slot(&self, key: &[u8]) -> Option<&Slot> {
        let found = self.db().get(key)?;
        if self.from_master || !found.is_expired(self.now) {
            return Some(found);
        }
        if let Some(recorder) = self.recorder {
            recorder.find_expired(self.db, key);
        }
        None
    }

    /// Returns the key, to be changed in place. Its expiry must stay.
    #[inline]
    pub(crate) fn slot_mut(&mut self, key: &[u8]) -> Option<&mut Slot> {
        self.drop_expired(key);
        self.db_mut().slot_mut(key)
    }

    /// Returns the value of a key, which has to be of this type.
    pub(crate) fn read<T: Typed>(&self, key: &[u8]) -> Result<Option<T::Ref<'_>>, CommandError> {
        typed::<T>(self.slot(key).map(Slot::value))
    }

    /// Changes the value of a key, which has to be of this type; `None` without the key. A
    /// collection that is empty afterwards is removed.
    pub(crate) fn edit<T: Typed, R>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut T) -> Result<R, CommandError>,
    ) -> Result<Option<R>, CommandError> {
        self.drop_expired(key);
        let mut is_gone = false;
        let outcome = self.db_mut().edit(key, &mut is_gone, |value| match T::of(value) {
            Some(value) => change(value),
            None => Err(wrong_type(value.view())),
        });
        self.has_emptied = is_gone;
        outcome.transpose()
    }

    /// Changes the value of a key, which has to be of this type; without the key, a new value. The
    /// key is not created if `change` leaves the value empty or fails.
    pub(crate) fn edit_or_new<T: Typed, R>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut T) -> Result<R, CommandError>,
    ) -> Result<R, CommandError> {
        let mut unused = Some(change);
        let edited = self.edit(key, |value| match unused.take() {
            Some(change) => change(value),
            None => Err(CommandError::WRONG_TYPE),
        })?;
        if let Some(outcome) = edited {
            return Ok(outcome);
        }
        let Some(change) = unused else { return Err(CommandError::WRONG_TYPE) };
        let mut value = T::empty();
        let outcome = T::of(&mut value).map_or(Err(CommandError::WRONG_TYPE), change)?;
        if !value.is_gone() {
            self.put_new(key, None, value);
        }
        Ok(outcome)
    }

    /// Replaces a key by the result of a command, which counts as `changes` and is the event
    /// `named`. A collection without elements removes the key, which is one change.
    pub(crate) fn put_result(
        &mut self,
        key: &[u8],
        result: Value,
        changes: usize,
        named: (EventClass, &'static str),
    ) {
        if !result.is_gone() {
            self.put_value(key, None, result);
            self.signal(named.0, named.1, key);
            self.dirty(changes);
        } else if self.clear_way(key) {
            self.signal(EventClass::Generic, "del", key);
            self.dirty(1);
        }
    }

    /// Removes a key, at a master even if it has expired, unless the command has found that before
    /// (`dbDelete`). Returns whether it was there.
    pub(crate) fn clear_way(&mut self, key: &[u8]) -> bool {
        match self.recorder {
            None => self.delete(key),
            Some(recorder) => {
                let was_recorded = recorder.forget_expired(self.db, key);
                self.db_mut().discard(key).is_some() && !was_recorded
            }
        }
    }

    /// Returns a value of the master that cannot be read here, to be kept as it came.
    pub(crate) fn keep_opaque(&mut self, key: &[u8], raw: tidegate_rdb::Opaque) -> Value {
        let db = self.db;
        self.data.note_opaque(db, key, &raw.why);
        Value::Opaque(Box::new(Opaque::new(raw)))
    }

    /// Removes a key. Returns whether it was there.
    pub(crate) fn delete(&mut self, key: &[u8]) -> bool {
        let now = self.now;
        let Some(gone) = self.db_mut().discard(key) else { return false };
        let is_expired = !self.from_master && gone.is_expired(now);
        if is_expired && let Some(recorder) = self.recorder {
            recorder.remove_expired(self.db, key);
        }
        !is_expired
    }

    /// Returns the same context for another database, which exists.
    pub(crate) fn in_database(&mut self, db: usize) -> WriteCx<'_> {
        let Self { now, from_master, recorder, .. } = *self;
        WriteCx { data: self.data, db, now, from_master, recorder, has_emptied: false }
    }

    /// Whether a key that is to expire at this time is deleted instead (`checkAlreadyExpired`). A
    /// master has already decided this for its commands.
    pub(crate) fn is_past(&self, at_ms: i64) -> bool {
        !self.from_master && at_ms <= self.now
    }

    /// Deletes the key if it has expired and the server is a master (`expireIfNeeded`).
    #[inline]
    pub(crate) fn drop_expired(&mut self, key: &[u8]) {
        if self.from_master || self.db().volatile() == 0 {
            return;
        }
        if self.db().get(key).is_some_and(|slot| slot.is_expired(self.now)) {
            if let Some(recorder) = self.recorder {
                recorder.remove_expired(self.db, key);
            }
            self.db_mut().discard(key);
        }
    }
}

#[inline]
fn typed<T: Typed>(value: Option<ValueRef<'_>>) -> Result<Option<T::Ref<'_>>, CommandError> {
    match value {
        None => Ok(None),
        Some(value) => T::of_ref(value).map(Some).ok_or_else(|| wrong_type(value)),
    }
}

/// The error for a value that is not of the command's type.
fn wrong_type(value: ValueRef<'_>) -> CommandError {
    match value {
        ValueRef::Opaque(_) => CommandError::OPAQUE,
        _ => CommandError::WRONG_TYPE,
    }
}
