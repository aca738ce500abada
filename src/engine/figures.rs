//! The engine in numbers, as metrics tell of it.

use super::{Engine, memory};

/// How the link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFigure {
    /// The stream flows.
    Up,
    /// A payload is on its way, or is being loaded.
    Syncing,
    /// There is none.
    Down,
    /// It stands still until it is told to go on.
    Halted,
}

impl LinkFigure {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Up, Self::Syncing, Self::Down, Self::Halted];

    /// The state's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Syncing => "syncing",
            Self::Down => "down",
            Self::Halted => "halted",
        }
    }
}

/// What is counted and measured.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The link.
    pub link: LinkFigure,
    /// Why it stands still, or why the last link ended.
    pub reason: Option<String>,
    /// The offset up to which the data is the master's.
    pub applied: u64,
    /// The offset of the last byte that came.
    pub received: u64,
    /// Full resyncs so far.
    pub full_resyncs: u64,
    /// Partial resyncs so far.
    pub partial_resyncs: u64,
    /// Links lost so far.
    pub links_lost: u64,
    /// Commands and transactions of the stream applied so far.
    pub commands_applied: u64,
    /// Keys in all databases.
    pub keys: u64,
    /// Bytes in use by the whole process; `None` where the allocator does not tell.
    pub used_memory: Option<u64>,
    /// Clients of its own port.
    pub clients: usize,
}

impl Engine {
    /// The engine in numbers, now.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let keys = self.store().keyspace().iter().map(|it| it.keys as u64).sum();
        Figures { keys, ..self.figures_but_keys() }
    }

    /// The same without the number of keys, for whoever holds the store.
    pub(super) fn figures_but_keys(&self) -> Figures {
        let facts = self.facts();
        let link = match (facts.halted.is_some(), facts.status.is_up(), facts.status.is_syncing()) {
            (true, ..) => LinkFigure::Halted,
            (_, true, _) => LinkFigure::Up,
            (.., true) => LinkFigure::Syncing,
            _ => LinkFigure::Down,
        };
        let counts = facts.counts;
        let reason = facts.halted.clone().or_else(|| facts.last_fault.clone());
        drop(facts);
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
            used_memory: memory::used(),
            clients: self.clients.len(),
        }
    }
}
