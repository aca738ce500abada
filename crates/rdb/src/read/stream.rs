//! Reads streams of every version of their form.

use std::io::Read;

use super::input::Input;
use crate::error::{Corrupt, Fault};
use crate::packed::Listpack;
use crate::stream::{
    Consumer, Group, Idempotence, Pending, Producer, Stream, StreamId, StreamNode,
};

const fn corrupt(what: &'static str) -> Corrupt {
    Corrupt::new("stream", what)
}

impl<R: Read> Input<R> {
    /// Reads a stream; `version` is the number of its form, one of five.
    pub(super) fn stream(&mut self, version: u8) -> Result<Box<Stream>, Fault> {
        let nodes = self.stream_nodes()?;
        // Servers before 5.0.4 left lengths behind that are not the number of entries. Redis takes
        // them as they are.
        let length = self.number()?;
        let last_id = self.stream_id()?;
        let (first_id, max_deleted_id, entries_added) = if version >= 2 {
            (self.stream_id()?, self.stream_id()?, self.number()?)
        } else {
            let mut live = nodes.iter().flat_map(StreamNode::entries).filter(|it| !it.deleted);
            (live.next().map(|entry| entry.id).unwrap_or_default(), StreamId::default(), length)
        };
        let count = self.number()?;
        let mut groups = Vec::with_capacity(self.room_for(count) / size_of::<Group>());
        for _ in 0..count {
            groups.push(self.stream_group(version)?);
        }
        let idempotence = if version >= 4 { Some(self.stream_idempotence()?) } else { None };
        Ok(Box::new(Stream {
            nodes,
            length,
            last_id,
            first_id,
            max_deleted_id,
            entries_added,
            groups,
            idempotence,
        }))
    }

    fn stream_nodes(&mut self) -> Result<Vec<StreamNode>, Fault> {
        let count = self.number()?;
        let mut nodes: Vec<StreamNode> =
            Vec::with_capacity(self.room_for(count) / size_of::<StreamNode>());
        let mut last = None;
        for _ in 0..count {
            let key = self.string()?;
            let master = raw_id(&key).ok_or(corrupt("a node has no id"))?;
            let listpack = Listpack::new(self.string()?);
            let node = listpack.and_then(|listpack| StreamNode::new(master, listpack));
            let Some(node) = self.sound(node)? else { continue };
            let mut entries = node.entries().map(|entry| entry.id);
            let Some(first) = entries.next() else {
                self.sound::<()>(Err(corrupt("a node has no entries")))?;
                continue;
            };
            if last.is_some_and(|last| last >= first) {
                self.sound::<()>(Err(corrupt("the ids of nodes do not ascend")))?;
            }
            last = entries.next_back().or(Some(first));
            nodes.push(node);
        }
        Ok(nodes)
    }

    fn stream_group(&mut self, version: u8) -> Result<Group, Fault> {
        let name = self.string()?;
        let last_id = self.stream_id()?;
        let entries_read = if version >= 2 {
            // -1 means that the number is unknown.
            Some(self.number()?).filter(|read| *read != u64::MAX)
        } else {
            None
        };
        let mut pending = self.stream_pending()?;
        let count = self.number()?;
        let mut consumers = Vec::with_capacity(self.room_for(count) / size_of::<Consumer>());
        for index in 0..count {
            let index = usize::try_from(index).map_err(|_| Fault::BadLength)?;
            consumers.push(self.stream_consumer(version, index, &mut pending)?);
        }
        let nacked = if version >= 5 { self.stream_nacked(&pending)? } else { Vec::new() };
        if pending.iter().filter(|it| it.consumer.is_none()).count() != nacked.len() {
            self.sound::<()>(Err(corrupt("a pending entry has no consumer")))?;
        }
        Ok(Group { name, last_id, entries_read, pending, consumers, nacked })
    }

    fn stream_pending(&mut self) -> Result<Vec<Pending>, Fault> {
        let count = self.number()?;
        let mut pending: Vec<Pending> =
            Vec::with_capacity(self.room_for(count) / size_of::<Pending>());
        for _ in 0..count {
            let id = self.stream_raw_id()?;
            let delivered_ms = i64::from_le_bytes(self.array()?);
            let deliveries = self.number()?;
            if pending.last().is_some_and(|last| last.id >= id) {
                self.sound::<()>(Err(corrupt("the ids of pending entries do not ascend")))?;
            }
            pending.push(Pending { id, delivered_ms, deliveries, consumer: None });
        }
        Ok(pending)
    }

    /// Reads the consumer at `index`, and marks its pending entries as its own.
    fn stream_consumer(
        &mut self,
        version: u8,
        index: usize,
        pending: &mut [Pending],
    ) -> Result<Consumer, Fault> {
        let name = self.string()?;
        let seen_ms = i64::from_le_bytes(self.array()?);
        let active_ms = if version >= 3 { Some(i64::from_le_bytes(self.array()?)) } else { None };
        for _ in 0..self.number()? {
            let id = self.stream_raw_id()?;
            let found = pending.binary_search_by_key(&id, |it| it.id).ok();
            let entry = found.and_then(|at| pending.get_mut(at));
            let twice = entry.map(|entry| entry.consumer.replace(index).is_some());
            let owned = match twice {
                Some(false) => Ok(()),
                Some(true) => Err(corrupt("a pending entry has two consumers")),
                None => Err(corrupt("a consumer has what its group has not")),
            };
            self.sound(owned)?;
        }
        Ok(Consumer { name, seen_ms, active_ms })
    }

    fn stream_nacked(&mut self, pending: &[Pending]) -> Result<Vec<StreamId>, Fault> {
        let count = self.number()?;
        let mut nacked = Vec::with_capacity(self.room_for(count) / size_of::<StreamId>());
        for _ in 0..count {
            let id = self.stream_raw_id()?;
            let found = pending.binary_search_by_key(&id, |it| it.id).ok();
            if found.and_then(|at| pending.get(at)).is_none_or(|it| it.consumer.is_some()) {
                self.sound::<()>(Err(corrupt("an entry was given back and is not pending")))?;
            }
            nacked.push(id);
        }
        Ok(nacked)
    }

    fn stream_idempotence(&mut self) -> Result<Idempotence, Fault> {
        let duration = self.number()?;
        let max_size = self.number()?;
        let mut producers = Vec::new();
        for _ in 0..self.number()? {
            let name = self.string()?;
            let mut requests = Vec::new();
            for _ in 0..self.number()? {
                requests.push((self.string()?, self.stream_id()?));
            }
            producers.push(Producer { name, requests });
        }
        let (added, duplicates) = (self.number()?, self.number()?);
        Ok(Idempotence { duration, max_size, producers, added, duplicates })
    }

    /// Reads an id as two lengths.
    fn stream_id(&mut self) -> Result<StreamId, Fault> {
        Ok(StreamId { ms: self.number()?, seq: self.number()? })
    }

    /// Reads an id as 16 bytes.
    fn stream_raw_id(&mut self) -> Result<StreamId, Fault> {
        let bytes: [u8; 16] = self.array()?;
        raw_id(&bytes).ok_or(Fault::BadLength)
    }
}

/// Reads an id as 16 bytes, high ones first.
fn raw_id(bytes: &[u8]) -> Option<StreamId> {
    let (ms, seq) = bytes.split_first_chunk::<8>()?;
    let seq = <[u8; 8]>::try_from(seq).ok()?;
    Some(StreamId { ms: u64::from_be_bytes(*ms), seq: u64::from_be_bytes(seq) })
}
