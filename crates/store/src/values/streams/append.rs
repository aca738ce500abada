//! Adding an entry to a stream (`streamAppendItem`).

use super::entries::id::{self, NewId};
use super::entries::{Fields, MAX_BYTES, Node};
use super::value::Stream;
use crate::call::CommandError;
use crate::dialect::Dialect;
use crate::packing::Packing;
use tidegate_rdb::{Corrupt, StreamId};

const EXHAUSTED: CommandError = CommandError::new(
    "ERR The stream has exhausted the last possible ID, unable to add more items",
);
const NOT_BEYOND: CommandError = CommandError::new(
    "ERR The ID specified in XADD is equal or smaller than the target stream top item",
);
const TOO_LARGE: CommandError = CommandError::new("ERR Elements are too large to be stored");

impl Stream {
    /// Adds an entry. Returns its id.
    pub(crate) fn append(
        &mut self,
        id: NewId,
        fields: Fields<'_>,
        now: i64,
        (packing, dialect): (&Packing, Dialect),
    ) -> Result<StreamId, CommandError> {
        if self.last_id == id::MAX {
            return Err(EXHAUSTED);
        }
        let id = self.next_id(id, now).filter(|&id| id > self.last_id).ok_or(NOT_BEYOND)?;
        let bytes: usize = fields.iter().map(|field| field.len()).sum();
        if bytes > MAX_BYTES {
            return Err(TOO_LARGE);
        }
        self.insert(id, fields, bytes, (packing, dialect)).map_err(|_| TOO_LARGE)?;
        self.length = self.length.wrapping_add(1);
        self.entries_added = self.entries_added.wrapping_add(1);
        self.last_id = id;
        if self.length == 1 {
            self.first_id = id;
        }
        Ok(id)
    }

    fn next_id(&self, id: NewId, now: i64) -> Option<StreamId> {
        match id {
            NewId::Exactly(id) => Some(id),
            NewId::Within(ms) if ms == self.last_id.ms => {
                Some(StreamId { ms, seq: self.last_id.seq.checked_add(1)? })
            }
            NewId::Within(ms) => Some(StreamId { ms, seq: 0 }),
            NewId::Auto => match u64::try_from(now) {
                Ok(ms) if ms > self.last_id.ms => Some(StreamId { ms, seq: 0 }),
                _ => id::next(self.last_id),
            },
        }
    }

    fn insert(
        &mut self,
        id: StreamId,
        fields: Fields<'_>,
        bytes: usize,
        (packing, dialect): (&Packing, Dialect),
    ) -> Result<(), Corrupt> {
        if let Some((master, node)) = self.nodes.last_mut() {
            if !node.is_full(bytes, packing, dialect.fills_nodes_exactly()) {
                return node.push(master, id, fields);
            }
            node.close();
        }
        self.nodes.insert(id, Node::new(fields)?);
        Ok(())
    }
}
