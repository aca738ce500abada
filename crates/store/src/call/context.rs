//! What a command has at hand while it runs: the database, the time, the kind of caller.

use super::budget::Budget;
use super::error::CommandError;
use crate::dialect::Dialect;
use crate::keyspace::{Database, Dataset, Opaque, Slot, Typed, Value, ValueRef};
use crate::packing::Packing;

/// The words of a request, the command's name first. As many as its arity says.
pub(crate) type Args<'a> = &'a [&'a [u8]];

/// What a command says when it is done: nothing, its reply is written; or why not.
pub(crate) type Done = Result<(), CommandError>;

/// A command that reads. What has expired is not there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadCx<'a> {
    pub(crate) data: &'a Dataset,
    /// The number of the database.
    pub(crate) db: usize,
    /// Unix milliseconds.
    pub(crate) now: i64,
    /// What it may cost; `None` where it may cost anything.
    pub(crate) budget: Option<&'a Budget>,
}

/// A command that may change data.
#[derive(Debug)]
pub(crate) struct WriteCx<'a> {
    pub(crate) data: &'a mut Dataset,
    /// The number of the database; there is one.
    pub(crate) db: usize,
    /// Unix milliseconds.
    pub(crate) now: i64,
    /// It comes from the master: what has expired is there until the master deletes it.
    pub(crate) from_master: bool,
}

impl<'a> ReadCx<'a> {
    pub(crate) fn dialect(&self) -> Dialect {
        self.data.dialect
    }

    /// Takes so many steps from the budget: said before they are done, where their number grows
    /// with the data or with what the client asks for.
    ///
    /// # Errors
    /// [`CommandError::EXCESSIVE`]: there are not so many left.
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

    /// The key, unless it has expired.
    pub(crate) fn slot(&self, key: &[u8]) -> Option<&'a Slot> {
        self.database().get(key).filter(|slot| !self.is_expired(slot))
    }

    /// Whether a key has expired.
    pub(crate) fn is_expired(&self, slot: &Slot) -> bool {
        slot.is_expired(self.now)
    }

    /// The value of a key, unless it has expired.
    #[inline]
    pub(crate) fn value(&self, key: &[u8]) -> Option<ValueRef<'a>> {
        self.slot(key).map(Slot::value)
    }

    /// The value of a key, which has to be of this type.
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

    pub(crate) fn db(&self) -> &Database {
        self.data.database(self.db)
    }

    pub(crate) fn db_mut(&mut self) -> &mut Database {
        self.data.database_mut(self.db)
    }

    /// Counts changes, for `rdb_changes_since_last_save`.
    pub(crate) fn dirty(&mut self, changes: usize) {
        self.data.dirty += changes as u64;
    }

    /// The same, as a command that reads sees it.
    pub(crate) fn reader(&self) -> ReadCx<'_> {
        // A master's command sees what has expired, so no time is late enough.
        let now = if self.from_master { i64::MIN } else { self.now };
        ReadCx { data: self.data, db: self.db, now, budget: None }
    }

    /// The key, as [`Self::read`] finds it.
    pub(crate) fn slot(&self, key: &[u8]) -> Option<&Slot> {
        self.db().get(key).filter(|slot| self.from_master || !slot.is_expired(self.now))
    }

    /// The key, to be changed in place; its expiry is left alone.
    pub(crate) fn slot_mut(&mut self, key: &[u8]) -> Option<&mut Slot> {
        self.drop_expired(key);
        self.db_mut().slot_mut(key)
    }

    /// The value of a key, which has to be of this type.
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
        let outcome = self.db_mut().edit(key, |value| match T::of(value) {
            Some(value) => change(value),
            None => Err(wrong_type(value.view())),
        });
        outcome.transpose()
    }

    /// Changes the value of a key, which has to be of this type; without the key, a new one.
    /// Nothing is left behind where `change` leaves it empty or fails.
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
            self.db_mut().set(key, None, value);
        }
        Ok(outcome)
    }

    /// Makes a key the outcome of a command that stores one, whatever it was, which counts as
    /// `changes`. A collection without elements removes it, which is one change.
    pub(crate) fn put_result(&mut self, key: &[u8], result: Value, changes: usize) {
        if !result.is_gone() {
            self.db_mut().set(key, None, result);
            self.dirty(changes);
        } else if self.delete(key) {
            self.dirty(1);
        }
    }

    /// Returns a value of the master's that cannot be read here, to be kept as it came.
    pub(crate) fn keep_opaque(&mut self, key: &[u8], raw: tidegate_rdb::Opaque) -> Value {
        let db = self.db;
        self.data.note_opaque(db, key, &raw.why);
        Value::Opaque(Box::new(Opaque::new(raw)))
    }

    /// Removes a key; whether it was there.
    pub(crate) fn delete(&mut self, key: &[u8]) -> bool {
        let Some(gone) = self.db_mut().discard(key) else { return false };
        self.from_master || !gone.is_expired(self.now)
    }

    /// The same, in another database, which there is.
    pub(crate) fn in_database(&mut self, db: usize) -> WriteCx<'_> {
        WriteCx { data: self.data, db, now: self.now, from_master: self.from_master }
    }

    /// Whether a time is one at which a key that is to expire then is deleted instead. A master's
    /// command has been through this (`checkAlreadyExpired`).
    pub(crate) fn is_past(&self, at_ms: i64) -> bool {
        !self.from_master && at_ms <= self.now
    }

    /// On a master: deletes the key if it has expired (`expireIfNeeded`).
    fn drop_expired(&mut self, key: &[u8]) {
        let is_expired = |slot: &Slot| slot.is_expired(self.now);
        if !self.from_master && self.db().get(key).is_some_and(is_expired) {
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

/// Why a command cannot work on a value that is not of its type.
fn wrong_type(value: ValueRef<'_>) -> CommandError {
    match value {
        ValueRef::Opaque(_) => CommandError::OPAQUE,
        _ => CommandError::WRONG_TYPE,
    }
}
