//! The engine's numbers, for metrics.

use super::Engine;
use super::state::memory;
use crate::telemetry::{Figures, LinkFigure};

impl Engine {
    /// Returns the current numbers.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let store = self.store();
        let keys = store.keyspace().iter().map(|it| it.keys as u64).sum();
        let opaque_keys = store.opaque_keys() as u64;
        drop(store);
        Figures { keys, opaque_keys, used_memory: memory::used(), ..self.link_figures() }
    }

    /// Returns the same without the numbers of the store and of the allocator.
    #[must_use]
    pub fn link_figures(&self) -> Figures {
        let info = self.link_info();
        let link = match (info.halted.is_some(), info.status.is_up(), info.status.is_syncing()) {
            _ if self.leads() => LinkFigure::Master,
            (true, ..) => LinkFigure::Halted,
            (_, true, _) => LinkFigure::Up,
            (.., true) => LinkFigure::Syncing,
            _ => LinkFigure::Down,
        };
        let (counts, feed) = (info.counts, info.source.counts());
        let attached = info.source.replicas().count();
        let reason = info.halted.clone().or_else(|| info.last_fault.clone());
        drop(info);
        Figures {
            link,
            reason,
            applied: self.applied().get(),
            received: self.received().get(),
            full_resyncs: counts.full_resyncs,
            partial_resyncs: counts.partial_resyncs,
            links_lost: counts.links_lost,
            commands_applied: counts.commands_applied,
            keys: 0,
            opaque_keys: 0,
            used_memory: None,
            clients: self.clients.all().iter().filter(|it| it.info().is_client()).count(),
            attached,
            feed_resyncs: (feed.full, feed.partial),
        }
    }
}
