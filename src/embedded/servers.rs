//! The embedded servers: start, reload, end.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::banner;
use super::leader::{last_leader, note_leader};
use super::settings::{config_of, dir, dir_of};
use crate::config::Config;
use crate::engine::{self, Engine, StartFault};
use crate::tasks::Board;
use crate::topology::Topology;

/// How often the start looks whether the master has loaded its data.
const LOOK: Duration = Duration::from_millis(5);
/// How often it is noted which server is the master.
const NOTE: Duration = Duration::from_millis(200);

/// Why the embedded servers could not start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedFault {
    /// The directory of one cannot be made.
    #[error("the directory {dir} of an embedded server cannot be made: {error}", dir = dir.display())]
    Dir {
        /// The directory.
        dir: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A server could not start.
    #[error(transparent)]
    Start(#[from] StartFault),
}

/// The embedded servers. There are none if the configuration names others.
#[derive(Debug, Default)]
pub struct EmbeddedServers {
    engines: Vec<Arc<Engine>>,
    /// The directory of all of them.
    dir: PathBuf,
}

impl EmbeddedServers {
    /// Starts the servers of this configuration. They run until the process ends; `stop` ends it.
    ///
    /// # Errors
    /// [`EmbeddedFault`]; servers that have started run on.
    pub fn start(
        config: &Config,
        stop: &Arc<Notify>,
        tasks: &Board,
    ) -> Result<Self, EmbeddedFault> {
        let servers = config.topology.embedded_servers();
        let (mut engines, dir) = (Vec::new(), dir(config));
        let leader = last_leader(&dir).filter(|at| *at < servers.len()).unwrap_or_default();
        for (at, addr) in servers.iter().enumerate() {
            let dir = dir_of(config, at);
            let failed = |error| EmbeddedFault::Dir { dir: dir.clone(), error };
            std::fs::create_dir_all(&dir).map_err(failed)?;
            let own = Arc::new(ArcSwap::from_pointee(config_of(config, at, leader)));
            let engine = Engine::new(own, Arc::new(ArcSwap::from_pointee(Topology::default())));
            let engine = engine.ending(Arc::clone(stop)).named(addr).with_tasks(tasks.clone());
            let engine = Arc::new(engine);
            engine::start(&engine)?;
            engines.push(engine);
        }
        if !engines.is_empty() {
            banner::say(config, leader);
        }
        Ok(Self { engines, dir })
    }

    /// Waits until the master has loaded its data.
    pub async fn ready(&self) {
        while self.engines.iter().any(|engine| engine.leads() && !engine.has_data()) {
            sleep(LOOK).await;
        }
    }

    /// Notes which server is the master, so that the next start finds its data, for ever.
    pub async fn keep_noting(&self) {
        let mut noted = None;
        while !self.engines.is_empty() {
            self.note(&mut noted);
            sleep(NOTE).await;
        }
    }

    fn note(&self, noted: &mut Option<usize>) {
        let leader = self.engines.iter().position(|engine| engine.leads());
        if let Some(leader) = leader.filter(|leader| *noted != Some(*leader)) {
            match note_leader(&self.dir, leader) {
                Ok(()) => *noted = Some(leader),
                Err(error) => tracing::error!("it cannot be noted which server leads: {error}"),
            }
        }
    }

    /// Brings a new configuration into force.
    pub fn reload(&self, config: &Config) {
        for (at, engine) in self.engines.iter().enumerate() {
            // Which server follows which stays as it is.
            engine.reconfigure(config_of(config, at, 0));
        }
    }

    /// Saves the data of the master. The replicas get them from the master at the next start.
    pub fn end(&self) {
        self.note(&mut None);
        for engine in self.engines.iter().filter(|engine| engine.leads()) {
            engine.save_at_end();
        }
    }
}
