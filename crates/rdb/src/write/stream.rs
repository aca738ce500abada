//! Writes streams in every version of their form.

use std::io::Write;

use super::encoder::Encoder;
use crate::error::{Corrupt, WriteError};
use crate::packed::ListpackRef;
use crate::stream::{Group, Idempotence, Stream, StreamId};

impl<W: Write> Encoder<W> {
    /// Writes a stream with these nodes; `version` is the number of its form, one of five.
    pub(super) fn stream<'n>(
        &mut self,
        stream: &Stream,
        nodes: impl ExactSizeIterator<Item = (StreamId, ListpackRef<'n>)>,
        version: u8,
    ) -> Result<(), WriteError> {
        self.count(nodes.len())?;
        for (master, listpack) in nodes {
            self.string(&raw(master))?;
            self.packed(listpack)?;
        }
        self.length(stream.length)?;
        self.stream_id(stream.last_id)?;
        if version >= 2 {
            self.stream_id(stream.first_id)?;
            self.stream_id(stream.max_deleted_id)?;
            self.length(stream.entries_added)?;
        }
        self.count(stream.groups.len())?;
        for group in &stream.groups {
            self.stream_group(group, version)?;
        }
        match &stream.idempotence {
            Some(idempotence) if version >= 4 => self.stream_idempotence(idempotence),
            _ => Ok(()),
        }
    }

    fn stream_group(&mut self, group: &Group, version: u8) -> Result<(), WriteError> {
        self.string(&group.name)?;
        self.stream_id(group.last_id)?;
        if version >= 2 {
            // -1 means that the number is unknown.
            self.length(group.entries_read.unwrap_or(u64::MAX))?;
        }
        self.count(group.pending.len())?;
        let mut owned = vec![Vec::new(); group.consumers.len()];
        for pending in &group.pending {
            self.raw(&raw(pending.id))?;
            self.raw(&pending.delivered_ms.to_le_bytes())?;
            self.length(pending.deliveries)?;
            if let Some(index) = pending.consumer {
                let no_consumer = Corrupt::new("stream", "a pending entry has no consumer");
                owned.get_mut(index).ok_or(no_consumer)?.push(pending.id);
            }
        }
        self.count(group.consumers.len())?;
        for (consumer, owned) in group.consumers.iter().zip(owned) {
            self.string(&consumer.name)?;
            self.raw(&consumer.seen_ms.to_le_bytes())?;
            if version >= 3 {
                // Servers too use the time when the consumer was last seen, if the other one is
                // missing.
                let active = consumer.active_ms.unwrap_or(consumer.seen_ms);
                self.raw(&active.to_le_bytes())?;
            }
            self.raw_ids(&owned)?;
        }
        if version >= 5 { self.raw_ids(&group.nacked) } else { Ok(()) }
    }

    fn stream_idempotence(&mut self, it: &Idempotence) -> Result<(), WriteError> {
        self.length(it.duration)?;
        self.length(it.max_size)?;
        self.count(it.producers.len())?;
        for producer in &it.producers {
            self.string(&producer.name)?;
            self.count(producer.requests.len())?;
            for (request, id) in &producer.requests {
                self.string(request)?;
                self.stream_id(*id)?;
            }
        }
        self.length(it.added)?;
        self.length(it.duplicates)
    }

    fn raw_ids(&mut self, ids: &[StreamId]) -> Result<(), WriteError> {
        self.count(ids.len())?;
        ids.iter().try_for_each(|id| self.raw(&raw(*id)))
    }

    /// Writes an id as two lengths.
    fn stream_id(&mut self, id: StreamId) -> Result<(), WriteError> {
        self.length(id.ms)?;
        self.length(id.seq)
    }
}

/// Returns an id as 16 bytes, high ones first.
fn raw(id: StreamId) -> [u8; 16] {
    (u128::from(id.ms) << 64 | u128::from(id.seq)).to_be_bytes()
}
