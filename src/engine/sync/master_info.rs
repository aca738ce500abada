//! What the master tells of itself in a handshake, and what the data depend on: its version and
//! its thresholds.

use std::sync::Arc;

use crate::engine::state::plain;
use crate::topology::ServerVersion;
use tidegate_replication::{Handshake, Setting};
use tidegate_store::{Dialect, Packing, Store};

/// What one master told.
#[derive(Clone, Debug)]
pub(super) struct MasterInfo {
    /// `None` where it does not tell.
    server: Option<ServerVersion>,
    /// Its thresholds.
    pub(super) settings: Arc<[Setting]>,
}

impl Default for MasterInfo {
    fn default() -> Self {
        Self { server: None, settings: [].into() }
    }
}

impl MasterInfo {
    /// What came of this handshake.
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

    /// The stream goes on from this master, which may be another one than the data came from, and
    /// of a later version: who upgrades fails over. Tells its version, where it did.
    pub(super) fn adopt(&self, store: &mut Store) -> Option<ServerVersion> {
        let old = (store.dialect(), *store.packing());
        let dialect = self.server.as_ref().map_or(old.0, |server| {
            let new = server.dialect();
            // Such a version tells nothing; what the data are of was told by their snapshot.
            let keeps = Dialect::is_unreleased(&server.version) && new.vendor() == old.0.vendor();
            if keeps { old.0 } else { new }
        });
        store.set_dialect(dialect);
        // Who does not tell may have the same as before.
        let is_untold = self.settings.is_empty() && dialect == old.0;
        let packing = if is_untold { old.1 } else { Packing::of(dialect).with(&self.settings) };
        store.set_packing(packing);
        self.server.clone()
    }
}
