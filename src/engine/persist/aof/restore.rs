//! Loads the data of the append-only file at the start, and goes on in its last file.

use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use super::replay::{Replayed, Rules, replay};
use super::replay_error::ReplayError;
use crate::config::{Replica, ReplicaOf};
use crate::engine::Engine;
use crate::engine::state::{Directory, Farewell, Start, random_id, unix_ms};
use tidegate_replication::aof::{Manifest, Place};
use tidegate_replication::{Identity, Offsets, Position};
use tidegate_store::{Dialect, Store};
use tidegate_wire::units::ReplOffset;

/// Whether the engine follows a master, whose data replace its own.
fn follows(config: &Replica) -> bool {
    match &config.replicaof {
        ReplicaOf::NoOne => false,
        ReplicaOf::Topology | ReplicaOf::Server(_) => true,
    }
}

impl Engine {
    /// Loads the append-only file, if there is to be one. Returns whether there was one. The data
    /// are void meanwhile.
    ///
    /// A file that cannot be loaded is moved aside: a follower gets the data from its master, and a
    /// master does not start.
    pub(in crate::engine) fn restore_log(&self) -> bool {
        let config = self.config.load_full();
        let config = &config.replica;
        if !config.appendonly {
            return false;
        }
        self.aof.set_policy(config.appendfsync, false);
        let directory = Directory::of(config);
        let loaded = match directory.manifest() {
            Ok(None) => {
                // The snapshot is loaded instead, if there is one. Then a rewrite is due.
                self.aof.turn_on();
                if !follows(config) {
                    self.aof.must_begin();
                }
                return false;
            }
            Ok(Some(manifest)) => self.load_log(config, &directory, manifest),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = loaded {
            self.refuse_log(config, &directory, &error);
        }
        true
    }

    fn load_log(
        &self,
        config: &Replica,
        directory: &Directory,
        mut manifest: Manifest,
    ) -> Result<(), ReplayError> {
        let started = Instant::now();
        {
            let mut store = self.store_mut();
            let void = store.void();
            store.replace(void);
        }
        let rules = Rules {
            databases: self.databases,
            seed: self.seed,
            backlog: config.repl_backlog_size,
            accepts_truncated: config.aof_load_truncated,
            cuts_unproven: follows(config),
            room: &|| self.check_memory(),
        };
        let replayed = replay(directory, &manifest, &rules)?;
        if replayed.cut > 0 {
            let bytes = replayed.cut;
            tracing::warn!(bytes, "the append-only file has a wrong end, which is cut off");
        }
        let (base_size, sizes, cut, db) =
            (replayed.base_size, replayed.sizes, replayed.cut, replayed.db);
        let (identity, position) = self.adopt(replayed);
        let outcome = (|| -> io::Result<()> {
            let Some(name) = manifest.commands().next_back().map(str::to_owned) else {
                let name = manifest.add_commands(directory.names());
                let file = directory.create(&name)?;
                directory.replace(&manifest)?;
                self.aof.turn_on();
                let start = Start { position, second: identity.second(), db };
                self.aof.arm(file, start).map_err(io::Error::other)?;
                self.aof.flush();
                return Ok(());
            };
            let (file, size) = directory.append(&name)?;
            if cut > 0 {
                file.set_len(size.saturating_sub(cut))?;
            }
            self.aof.resume(file, (sizes.1, sizes.0), position, identity.second());
            directory.remove_history(&mut manifest)
        })();
        if let Err(error) = outcome {
            // The data are loaded. The keeper's thread tries to begin a new file.
            tracing::error!("the append-only file cannot be continued: {error}");
            self.aof.turn_on();
        }
        self.aof.loaded(base_size);
        let took = started.elapsed();
        tracing::info!(offset = %position.offset, ?took, "loaded the append-only file");
        Ok(())
    }

    /// Puts the loaded data in place. Returns their history and their position there.
    fn adopt(&self, replayed: Replayed) -> (Identity, Position) {
        let (identity, offset) = identity_of(replayed.place);
        let mut store = self.store_mut();
        store.replace(replayed.store);
        self.set_dialect(store.dialect());
        self.stream_db.store(replayed.db, Relaxed);
        self.publish(&Offsets::at(offset));
        let mut info = self.link_info();
        info.identity = identity;
        self.begin_data_epoch(&info);
        match replayed.backlog {
            Some(backlog) => info.source.resume(backlog),
            None => info.source.restart(offset),
        }
        info.server = replayed.server.unwrap_or_default();
        info.has_data = true;
        (identity, Position { replid: identity.replid(), offset })
    }

    /// Deals with files that cannot be loaded.
    fn refuse_log(&self, config: &Replica, directory: &Directory, error: &ReplayError) {
        let path = directory.path().display().to_string();
        tracing::error!(%path, "the append-only file cannot be loaded: {error}");
        if !follows(config) {
            self.end_process(Farewell::NoSave);
            return;
        }
        {
            let mut store = self.store_mut();
            let empty = Store::new(self.databases, Dialect::default(), self.seed);
            store.replace(empty);
        }
        match directory.move_aside(unix_ms() / 1000) {
            Ok(aside) => {
                let aside = aside.display().to_string();
                tracing::warn!(%aside, "its files are kept there; a full resync brings the data");
                self.aof.turn_on();
            }
            Err(error) => {
                tracing::error!("it cannot be moved aside, and is not written: {error}");
            }
        }
    }
}

/// Returns the history of data at this place, and their offset. What is not proven gets a new name:
/// servers that have other bytes there must not take it for theirs.
fn identity_of(place: Option<Place>) -> (Identity, ReplOffset) {
    let Some(place) = place else {
        return (Identity::new(random_id()), ReplOffset::default());
    };
    let mut identity = Identity::restored(place.position.replid).after(place.second);
    if !place.is_proven() {
        identity.promote(random_id(), place.proven);
    }
    (identity, place.position.offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_replication::Ask;
    use tidegate_wire::units::ReplId;

    fn place(proven: u64) -> Option<Place> {
        let replid = "a".repeat(40).parse::<ReplId>().unwrap();
        let position = Position { replid, offset: ReplOffset::new(150) };
        Some(Place { position, second: None, proven: ReplOffset::new(proven) })
    }

    #[test]
    fn only_proven_data_keep_the_name_of_their_history() {
        let (identity, offset) = identity_of(place(150));
        assert_eq!((identity.is_resumable(), offset.get()), (true, 150));
        let old = identity.replid();
        assert!(matches!(identity.ask(offset), Ask::Rest { replid, .. } if replid == old));
        let (identity, offset) = identity_of(place(100));
        assert_eq!((identity.is_resumable(), offset.get()), (false, 150));
        assert_eq!(identity.second(), Some((old, ReplOffset::new(101))));
        assert_ne!(identity.replid(), old);
        let backlog = || Some(ReplOffset::new(1)..=ReplOffset::new(150));
        let ask = |first| Ask::Rest { replid: old, first: ReplOffset::new(first) };
        assert!(identity.grant(&ask(101), backlog()).is_ok());
        assert!(identity.grant(&ask(102), backlog()).is_err());
        let (identity, offset) = identity_of(None);
        assert_eq!((identity.second(), offset.get()), (None, 0));
    }
}
