//! Removes entries from the beginning of a stream (`streamTrim`).

use super::delete::References;
use super::value::Stream;
use tidegate_rdb::{Corrupt, StreamId};

/// How a stream is trimmed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trim {
    pub(crate) until: Until,
    /// Whether only whole nodes are removed.
    pub(crate) approximate: bool,
    /// The most entries that are removed; 0 is any number.
    pub(crate) limit: i64,
    /// What happens to groups that refer to a removed entry.
    pub(crate) references: References,
}

/// How far a stream is trimmed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// So many entries remain.
    Length(u64),
    /// This is the lowest remaining id.
    MinId(StreamId),
}

impl Stream {
    /// Trims the stream. Returns how many entries were removed.
    pub(crate) fn trim(&mut self, trim: &Trim) -> Result<u64, Corrupt> {
        let mut deleted = 0;
        let mut next = self.nodes.first().map(|(id, _)| id);
        while let Some(master) = next {
            let Some((_, node)) = self.nodes.of(master) else { break };
            let live = u64::try_from(node.live()).unwrap_or(0);
            if self.is_short_enough(trim.until) || exceeds(trim.limit, deleted + live) {
                break;
            }
            let last = node.entries(master).next_back().map(|entry| entry.id);
            let whole = match trim.until {
                Until::Length(length) => self.length.wrapping_sub(live) >= length,
                Until::MinId(id) => last.is_some_and(|last| last < id),
            };
            next = self.nodes.beyond(master).map(|(id, _)| id);
            let keeps = trim.references == References::Keep;
            if whole && keeps {
                self.nodes.remove(master);
                self.length = self.length.wrapping_sub(live);
                deleted += live;
                continue;
            }
            // References of groups are checked entry by entry, which is not approximate.
            if trim.approximate {
                break;
            }
            deleted += self.trim_node(master, trim, whole && !keeps)?;
            if !whole {
                break;
            }
        }
        if self.length == 0 || deleted > 0 {
            self.find_first();
        }
        Ok(deleted)
    }

    fn is_short_enough(&self, until: Until) -> bool {
        matches!(until, Until::Length(length) if self.length <= length)
    }

    /// Deletes entries of one node, as many as have to be removed. Returns how many those were. A
    /// node that `may_go` is removed with its last entry.
    fn trim_node(&mut self, master: StreamId, trim: &Trim, may_go: bool) -> Result<u64, Corrupt> {
        let Some((_, node)) = self.nodes.of(master) else { return Ok(0) };
        let (mut going, mut ids) = (Vec::new(), Vec::new());
        let (mut length, mut lowest) = (self.length, None);
        for entry in node.entries(master) {
            let stop = match trim.until {
                Until::Length(max) => length <= max,
                Until::MinId(id) => entry.id >= id,
            };
            if stop {
                break;
            }
            if entry.deleted {
                continue;
            }
            if trim.references == References::Acknowledged && !self.groups.is_empty() {
                let lowest = *lowest.get_or_insert_with(|| self.lowest_last_id());
                if self.is_referred_to(entry.id, lowest) {
                    continue;
                }
            }
            length = length.wrapping_sub(1);
            going.push(entry.position);
            ids.push(entry.id);
        }
        let live = usize::try_from(node.live()).unwrap_or(usize::MAX);
        if may_go && going.len() >= live {
            self.nodes.delete(master, &going)?;
        } else {
            self.nodes.mark(master, &going)?;
        }
        if trim.references == References::Delete {
            ids.iter().for_each(|&id| self.forget(id));
        }
        self.length = length;
        self.delivered_to_all = lowest.or(self.delivered_to_all);
        Ok(going.len() as u64)
    }
}

/// Whether so many entries exceed the limit.
fn exceeds(limit: i64, count: u64) -> bool {
    u64::try_from(limit).is_ok_and(|limit| limit > 0 && count > limit)
}
