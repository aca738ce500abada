//! A stream in a snapshot.

use super::entries::{Node, Nodes};
use super::groups::{Consumers, Group, Owner, Pending};
use super::value::Stream;
use tidegate_rdb::{self as rdb, StreamId, ValueWriter, WriteError};

/// Why the stream of a snapshot is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// An entry could not be found by its id.
    #[error("an entry of a stream is not in the node of its id")]
    Misplaced,
    #[error("a group of a stream comes twice")]
    GroupTwice,
    #[error("a consumer of a stream's group comes twice")]
    ConsumerTwice,
    #[error("a pending entry of a stream comes twice or has no consumer")]
    Pending,
}

impl Stream {
    /// Returns the stream of a snapshot; its nodes stay as they are.
    pub(crate) fn from_snapshot(snapshot: rdb::Stream) -> Result<Self, SnapshotError> {
        let mut stream = Self {
            nodes: Nodes::default(),
            length: snapshot.length,
            last_id: snapshot.last_id,
            first_id: snapshot.first_id,
            max_deleted_id: snapshot.max_deleted_id,
            entries_added: snapshot.entries_added,
            idempotence: snapshot.idempotence.map(Box::new),
            ..Self::default()
        };
        let mut before = None;
        for node in snapshot.nodes {
            let (master, first) = (node.master(), node.entries().next());
            let last = node.entries().next_back().map(|entry| entry.id);
            if before.is_some_and(|before| before >= master)
                || first.is_none_or(|first| first.id < master)
            {
                return Err(SnapshotError::Misplaced);
            }
            before = last;
            let (_, listpack) = node.into_parts();
            stream.nodes.insert(master, Node::from_listpack(listpack.into()));
        }
        for group in snapshot.groups {
            let name = group.name.clone().into_boxed_slice();
            if stream.groups.insert(name, restore(group)?).is_some() {
                return Err(SnapshotError::GroupTwice);
            }
        }
        Ok(stream)
    }

    /// Writes the stream as a value of a snapshot. Nodes are written as they are.
    pub(crate) fn write<W: std::io::Write>(
        &self,
        writer: ValueWriter<'_, W>,
    ) -> Result<(), WriteError> {
        let nodes = self.nodes.iter().map(|(id, node)| (id, node.listpack()));
        writer.stream_of(&self.without_nodes(), nodes)
    }

    fn without_nodes(&self) -> rdb::Stream {
        rdb::Stream {
            nodes: Vec::new(),
            length: self.length,
            last_id: self.last_id,
            first_id: self.first_id,
            max_deleted_id: self.max_deleted_id,
            entries_added: self.entries_added,
            groups: self.groups.iter().map(|(name, group)| save(name, group)).collect(),
            idempotence: self.idempotence.as_deref().cloned(),
        }
    }
}

fn restore(saved: rdb::Group) -> Result<Group, SnapshotError> {
    let mut group = Group::new(saved.last_id, saved.entries_read);
    let mut owners = Vec::with_capacity(saved.consumers.len());
    for consumer in &saved.consumers {
        // A server to which it is unknown uses the time when the consumer was seen.
        let active = consumer.active_ms.unwrap_or(consumer.seen_ms);
        let owner = group.restore_consumer(&consumer.name, consumer.seen_ms, active);
        owners.push(owner.ok_or(SnapshotError::ConsumerTwice)?);
    }
    for pending in saved.pending {
        let owner = match pending.consumer {
            Some(index) => owners.get(index).copied().ok_or(SnapshotError::Pending)?,
            None => Owner::NONE,
        };
        let entry =
            Pending { delivered_ms: pending.delivered_ms, deliveries: pending.deliveries, owner };
        if !group.restore_pending(pending.id, entry) {
            return Err(SnapshotError::Pending);
        }
    }
    Ok(group)
}

fn save(name: &[u8], group: &Group) -> rdb::Group {
    let index = indices(group.consumers());
    let pending: Vec<_> = group
        .pending()
        .iter()
        .map(|(&id, pending)| rdb::Pending {
            id,
            delivered_ms: pending.delivered_ms,
            deliveries: pending.deliveries,
            consumer: index.get(pending.owner.0 as usize).copied().flatten(),
        })
        .collect();
    let nacked: Vec<StreamId> =
        pending.iter().filter(|it| it.consumer.is_none()).map(|it| it.id).collect();
    let consumers = group.consumers().iter().map(|(_, consumer)| rdb::Consumer {
        name: consumer.name.to_vec(),
        seen_ms: consumer.seen_ms,
        active_ms: Some(consumer.active_ms),
    });
    rdb::Group {
        name: name.to_vec(),
        last_id: group.last_id,
        entries_read: group.entries_read,
        consumers: consumers.collect(),
        pending,
        nacked,
    }
}

/// Returns the place of each consumer in the order of their names.
fn indices(consumers: &Consumers) -> Vec<Option<usize>> {
    let mut indices = Vec::new();
    for (index, (owner, _)) in consumers.iter().enumerate() {
        let place = owner.0 as usize;
        if indices.len() <= place {
            indices.resize(place + 1, None);
        }
        if let Some(entry) = indices.get_mut(place) {
            *entry = Some(index);
        }
    }
    indices
}
