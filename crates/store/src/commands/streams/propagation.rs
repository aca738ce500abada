//! How a master puts deliveries to consumers into the replication stream: the commands that name a
//! time, a number of deliveries or a consumer that the request does not name.

use crate::call::EventClass;
use crate::execution::{Recorder, WriteCx};
use crate::values::streams::entries::id;
use crate::values::streams::groups::{Group, Owner, Pending};
use tidegate_rdb::StreamId;

/// The group whose deliveries are put into the stream. At a replica nothing is recorded.
#[derive(Clone, Copy, Debug)]
pub(in crate::commands::streams) struct Propagation<'a> {
    recorder: Option<&'a Recorder>,
    db: usize,
    key: &'a [u8],
    group: &'a [u8],
}

impl<'a> Propagation<'a> {
    /// Begins with the deliveries of a group. The request itself does not go into the stream.
    pub(in crate::commands::streams) fn of(
        cx: &WriteCx<'a>,
        key: &'a [u8],
        group: &'a [u8],
    ) -> Self {
        cx.replicate_nothing();
        Self { recorder: cx.recorder, db: cx.db, key, group }
    }

    /// Puts the owner, the time and the number of deliveries of a pending entry into the stream
    /// (`streamPropagateXCLAIM`).
    pub(in crate::commands::streams) fn claim(
        &self,
        group: &Group,
        entry: StreamId,
        pending: &Pending,
    ) {
        let Some(recorder) = self.recorder else { return };
        let (mut time, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
        recorder.add(
            self.db,
            &[
                b"XCLAIM",
                self.key,
                self.group,
                group.owner(pending).map_or(&[], |owner| &*owner.name),
                b"0",
                id::text(entry).as_bytes(),
                b"TIME",
                time.format(pending.delivered_ms).as_bytes(),
                b"RETRYCOUNT",
                count.format(pending.deliveries).as_bytes(),
                b"FORCE",
                b"JUSTID",
                b"LASTID",
                id::text(group.last_id).as_bytes(),
            ],
        );
    }

    /// Puts the last id of the group into the stream (`streamPropagateGroupID`).
    pub(in crate::commands::streams) fn last_id(&self, group: &Group, counters: bool) {
        let Some(recorder) = self.recorder else { return };
        let read = group.entries_read.map_or(-1, |read| i64::try_from(read).unwrap_or(i64::MAX));
        let mut buffer = itoa::Buffer::new();
        let last = id::text(group.last_id);
        let words: [&[u8]; 7] = [
            b"XGROUP",
            b"SETID",
            self.key,
            self.group,
            last.as_bytes(),
            b"ENTRIESREAD",
            buffer.format(read).as_bytes(),
        ];
        let len = if counters { words.len() } else { words.len() - 2 };
        recorder.add(self.db, &words[..len]);
    }

    /// Puts the creation of a consumer into the stream (`streamPropagateConsumerCreation`).
    pub(in crate::commands::streams) fn consumer(&self, consumer: &[u8]) {
        if let Some(recorder) = self.recorder {
            let words = [b"XGROUP", &b"CREATECONSUMER"[..], self.key, self.group, consumer];
            recorder.add(self.db, &words);
        }
    }

    /// Returns the consumer of this name, and whether it was created.
    pub(in crate::commands::streams) fn consumer_or_new(
        &self,
        group: &mut Group,
        consumer: &[u8],
        now: i64,
    ) -> (Owner, bool) {
        let is_new = group.consumers().find(consumer).is_none();
        if is_new && let Some(recorder) = self.recorder {
            recorder.event(EventClass::Stream, "xgroup-createconsumer", self.db, self.key);
        }
        (group.consumer_or_new(consumer, now), is_new)
    }
}
