//! Which part of the stream a start finds in the append-only file for sure: what WAITAOF and the acks
//! of a replica tell of (`server.fsynced_reploff`).

use tidegate_replication::Position;

/// Which part of the stream a start finds.
#[derive(Debug, Default)]
pub(super) struct Durable {
    /// The place at which the base begins that is being written, or is loaded.
    base: Option<Position>,
    /// Whether the base is in force.
    is_begun: bool,
    /// The place up to which the stream is written, and synced.
    written: Option<Position>,
    synced: Option<Position>,
}

impl Durable {
    /// Forgets everything: the file does not have the data.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Notes the place of a base.
    pub(super) fn begin(&mut self, base: Position) {
        self.base = Some(base);
    }

    /// Notes that the base is in force, and all before it durable.
    pub(super) fn begun(&mut self) {
        self.is_begun = self.base.is_some();
        let is_known = |synced: Position, base: Position| {
            synced.replid == base.replid && synced.offset >= base.offset
        };
        self.synced = match (self.synced, self.base) {
            (Some(synced), Some(base)) if is_known(synced, base) => Some(synced),
            (synced, base) => base.or(synced),
        };
    }

    /// Notes that the file is written up to this place; `None` if it does not have the data any more.
    pub(super) fn wrote(&mut self, at: Option<Position>) {
        match at {
            Some(_) => self.written = at,
            None => self.clear(),
        }
    }

    /// The place up to which a start finds the stream; `None` while no base is in force.
    pub(super) fn place(&self) -> Option<Position> {
        self.synced.filter(|_| self.is_begun)
    }

    /// The place up to which the stream is written.
    pub(super) const fn written(&self) -> Option<Position> {
        self.written
    }

    /// Notes that the file is synced up to this place.
    pub(super) fn synced_to(&mut self, at: Option<Position>) {
        // The file may have lost the data meanwhile.
        if self.written.is_some() && at.is_some() {
            self.synced = at;
        }
    }
}
