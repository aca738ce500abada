//! What the master reports of itself in a handshake, and the data depend on: its version and its
//! thresholds.

use std::sync::Arc;

use crate::engine::state::plain;
use crate::topology::ServerVersion;
use tidegate_replication::{Handshake, Setting};
use tidegate_store::{Dialect, Packing, Store};

/// What one master has reported.
#[derive(Clone, Debug)]
pub(super) struct MasterInfo {
    /// The master's version; `None` where it does not report one.
    server: Option<ServerVersion>,
    /// The thresholds of its packed values.
    pub(super) settings: Arc<[Setting]>,
}

impl Default for MasterInfo {
    fn default() -> Self {
        Self { server: None, settings: [].into() }
    }
}

impl MasterInfo {
    /// Reads the answers to this handshake.
    pub(super) fn of(handshake: &Handshake) -> Self {
        let fields = || handshake.info().lines().filter_map(|line| line.split_once(':'));
        let field = |name: &str| {
            let found = fields().find(|(known, _)| *known == name);
            found.map(|(_, value)| plain(value)).unwrap_or_default()
        };
        let server = ServerVersion::of_info(field);
        let server = Some(server).filter(|server| !server.version.is_empty());
        Self { server, settings: handshake.settings().into() }
    }

    /// Makes the store that of this master, from which the stream goes on. It may be another master
    /// than the data came from, and of a later version, because an upgrade is a failover. Returns
    /// its version, if it reported one.
    pub(super) fn adopt(&self, store: &mut Store) -> Option<ServerVersion> {
        let old = (store.dialect(), *store.packing());
        let dialect = self.server.as_ref().map_or(old.0, |server| {
            let new = server.dialect();
            // Such a version does not tell the dialect; the snapshot has told it.
            let keeps = Dialect::is_unreleased(&server.version) && new.vendor() == old.0.vendor();
            if keeps { old.0 } else { new }
        });
        store.set_dialect(dialect);
        // A master that reports no thresholds may have the same as before.
        let is_untold = self.settings.is_empty() && dialect == old.0;
        let packing = if is_untold { old.1 } else { Packing::of(dialect).with(&self.settings) };
        store.set_packing(packing);
        self.server.clone()
    }
}
