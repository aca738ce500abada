//! How a master puts changes of fields into the replication stream: with times in Unix milliseconds,
//! and with the fields that changed.

use crate::call::EventClass;
use crate::dialect::{Dialect, Vendor};
use crate::execution::{Recorder, WriteCx};

/// The fields that a command changed, by what became of them. Only a master notes them.
#[derive(Debug)]
pub(in crate::commands::hashes) struct Changed<'a> {
    pub(in crate::commands::hashes) leads: bool,
    /// The fields that were changed and are there.
    pub(in crate::commands::hashes) kept: Vec<&'a [u8]>,
    /// The fields that were removed.
    pub(in crate::commands::hashes) removed: Vec<&'a [u8]>,
    /// The fields that were found expired, and removed.
    pub(in crate::commands::hashes) expired: Vec<&'a [u8]>,
}

impl<'a> Changed<'a> {
    pub(in crate::commands::hashes) fn of(cx: &WriteCx<'_>) -> Self {
        Self { leads: cx.leads(), kept: Vec::new(), removed: Vec::new(), expired: Vec::new() }
    }

    pub(in crate::commands::hashes) fn keep(&mut self, field: &'a [u8]) {
        if self.leads {
            self.kept.push(field);
        }
    }

    pub(in crate::commands::hashes) fn remove(&mut self, field: &'a [u8]) {
        if self.leads {
            self.removed.push(field);
        }
    }

    pub(in crate::commands::hashes) fn expire(&mut self, field: &'a [u8]) {
        if self.leads {
            self.expired.push(field);
        }
    }

    /// Records the fields that were found expired. Redis removes each with a command; for Valkey the
    /// request itself replaces them, unless it `keeps` expiries.
    pub(in crate::commands::hashes) fn record_expired(
        &self,
        cx: &WriteCx<'_>,
        key: &[u8],
        keeps: bool,
    ) {
        let Some(recorder) = cx.recorder.filter(|_| !self.expired.is_empty()) else { return };
        if cx.dialect().vendor() == Vendor::Redis {
            for field in &self.expired {
                recorder.add(cx.db, &[b"HDEL", key, field]);
            }
        } else if keeps {
            recorder.add(cx.db, &[&[b"HDEL", key], &self.expired[..]].concat());
        }
        recorder.event(EventClass::Hash, "hexpired", cx.db, key);
    }
}

/// Puts a command about some fields into the stream in place of the request: its name, the key, the
/// words before `FIELDS`, the fields.
pub(in crate::commands::hashes) fn replicate(
    cx: &WriteCx<'_>,
    name: &[u8],
    key: &[u8],
    options: &[&[u8]],
    (count, fields): (usize, &[&[u8]]),
) {
    if cx.leads() {
        let mut buffer = itoa::Buffer::new();
        let count = buffer.format(count).as_bytes();
        let head = [name, key];
        cx.replicate(&[&head, options, &[b"FIELDS", count], fields].concat());
    }
}

/// Puts the removal of fields into the stream in place of the request: Redis removes each with a
/// command.
pub(in crate::commands::hashes) fn replicate_removal(
    cx: &WriteCx<'_>,
    key: &[u8],
    fields: &[&[u8]],
) {
    let each = if cx.dialect().vendor() == Vendor::Redis { 1 } else { fields.len().max(1) };
    for fields in fields.chunks(each) {
        cx.replicate(&[&[b"HDEL", key], fields].concat());
    }
}

/// Puts a value of a field into the stream in place of the request, with the field's expiry.
pub(in crate::commands::hashes) fn replicate_value(
    cx: &WriteCx<'_>,
    key: &[u8],
    field: &[u8],
    (value, expires): (&[u8], Option<i64>),
) {
    let mut buffer = itoa::Buffer::new();
    match expires {
        None => cx.replicate(&[b"HSET", key, field, value]),
        Some(at) => {
            let at = buffer.format(at).as_bytes();
            cx.replicate(&[b"HSETEX", key, b"PXAT", at, b"FIELDS", b"1", field, value]);
        }
    }
}

/// Records that a field was found expired, and removed. Valkey puts the field's new value into the
/// stream instead.
pub(in crate::commands::hashes) fn record_expired(
    recorder: Option<&Recorder>,
    (db, dialect): (usize, Dialect),
    key: &[u8],
    field: &[u8],
) {
    if let Some(recorder) = recorder {
        if dialect.vendor() == Vendor::Redis {
            recorder.add(db, &[b"HDEL", key, field]);
        }
        recorder.event(EventClass::Hash, "hexpired", db, key);
    }
}
