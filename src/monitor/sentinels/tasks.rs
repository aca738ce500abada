//! The tasks of the known Sentinels.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use super::news::FromSentinel;
use super::poll::poll;
use super::setup::Setup;
use super::subscription::subscribe;
use crate::config::{Config, HostPort};

/// How much news may wait for the monitor; a task with more of it waits.
const WAITING_MAX: usize = 256;

/// The tasks of the known Sentinels. Dropping it ends them.
#[derive(Debug)]
pub(in crate::monitor) struct SentinelTasks {
    /// How the Sentinels are reached; `None` if none is asked.
    setup: Option<Arc<Setup>>,
    running: HashMap<HostPort, Running>,
    sender: mpsc::Sender<FromSentinel>,
    receiver: mpsc::Receiver<FromSentinel>,
}

/// The tasks of one Sentinel.
#[derive(Debug)]
struct Running {
    tasks: [JoinHandle<Infallible>; 2],
    /// Notified when the Sentinel is to be asked at once.
    wake: Arc<Notify>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Default for SentinelTasks {
    /// No task.
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        Self { setup: None, running: HashMap::new(), sender, receiver }
    }
}

impl SentinelTasks {
    /// Whether proxy.toml asks the Sentinels about another master, or in another way, than the tasks
    /// do.
    pub(in crate::monitor) fn is_outdated(&self, config: &Config) -> bool {
        self.setup.as_deref() != Setup::of(config).as_ref()
    }

    /// Starts the tasks of these Sentinels, and ends all others. Tasks that panicked are started
    /// again; returns whether there were any.
    pub(in crate::monitor) fn keep<'a>(
        &mut self,
        config: &Config,
        addrs: impl Iterator<Item = &'a HostPort> + Clone,
    ) -> bool {
        let setup = Setup::of(config);
        if self.setup.as_deref() != setup.as_ref() {
            // What the former tasks have sent may be about another master.
            *self = Self { setup: setup.map(Arc::new), ..Self::default() };
        }
        let Some(setup) = self.setup.clone() else { return false };
        self.running.retain(|addr, _| addrs.clone().any(|it| it == addr));
        let before = self.running.len();
        self.running.retain(|_, it| !it.tasks.iter().any(JoinHandle::is_finished));
        let has_panicked = self.running.len() < before;
        for addr in addrs {
            if !self.running.contains_key(addr) {
                self.running.insert(addr.clone(), self.start(&setup, addr));
            }
        }
        has_panicked
    }

    fn start(&self, setup: &Arc<Setup>, addr: &HostPort) -> Running {
        let wake = Arc::<Notify>::default();
        let poll = poll(Arc::clone(setup), addr.clone(), Arc::clone(&wake), self.sender.clone());
        let subscribe = subscribe(Arc::clone(setup), addr.clone(), self.sender.clone());
        Running { tasks: [tokio::spawn(poll), tokio::spawn(subscribe)], wake }
    }

    /// Asks every Sentinel at once.
    pub(in crate::monitor) fn hurry(&self) {
        self.running.values().for_each(|it| it.wake.notify_one());
    }

    /// Waits for the next news; without Sentinels there is none.
    pub(in crate::monitor) async fn next(&mut self) -> Option<FromSentinel> {
        self.receiver.recv().await
    }

    /// The next news, if there is some already.
    pub(in crate::monitor) fn try_next(&mut self) -> Option<FromSentinel> {
        self.receiver.try_recv().ok()
    }
}
