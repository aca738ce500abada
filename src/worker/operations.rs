//! What operators ask of the process: PROXY HOLD, PROXY RELEASE, PROXY FAILOVER.
//!
//! Clients ask here. One task carries the operations out, one after the other, and answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::registry::Entry;
use tidegate_wire::units::HostPort;

/// What an operator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Requests that need the master wait, for this long at most.
    Hold(Duration),
    /// They wait no longer.
    Release,
    /// A replica becomes the master.
    Failover {
        /// Which one; `None` leaves the choice to the proxy, or to Sentinel.
        to: Option<HostPort>,
        /// How long that may take before it is given up.
        timeout: Duration,
    },
}

/// How an operation went.
pub type Outcome = Result<Done, String>;

/// An operation was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Requests wait, and none is under way at the master.
    Held,
    /// Requests wait no longer.
    Released,
    /// Another server is the master.
    Switched(Switched),
}

/// Another server is the master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switched {
    /// The last master.
    pub from: HostPort,
    /// The new one.
    pub to: HostPort,
    /// How long requests waited.
    pub held: Duration,
}

/// The operations that clients have asked for. Shared by all threads.
#[derive(Debug, Default)]
pub struct Operations {
    asked: Notify,
    asking: Mutex<VecDeque<Arc<Asked>>>,
}

/// A client that waits for an operation. It asks for nothing else meanwhile, so there are never
/// more of these than clients.
#[derive(Debug)]
pub struct Asked {
    /// What it asked for.
    pub operation: Operation,
    entry: Arc<Entry>,
    outcome: OnceLock<Outcome>,
}

impl Asked {
    /// How it went; `None` while it is under way.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.get()
    }

    /// Answers the client.
    pub fn answer(&self, outcome: Outcome) {
        // It is set here alone.
        let _ = self.outcome.set(outcome);
        self.entry.wake();
    }
}

impl Operations {
    /// A client asks, and is woken when there is an outcome.
    pub(crate) fn ask(&self, operation: Operation, entry: &Arc<Entry>) -> Arc<Asked> {
        let (entry, outcome) = (Arc::clone(entry), OnceLock::new());
        let asked = Arc::new(Asked { operation, entry, outcome });
        self.asking().push_back(Arc::clone(&asked));
        self.asked.notify_one();
        asked
    }

    /// The operation that was asked for first, once there is one.
    pub async fn next(&self) -> Arc<Asked> {
        loop {
            if let Some(asked) = self.asking().pop_front() {
                return asked;
            }
            self.asked.notified().await;
        }
    }

    fn asking(&self) -> MutexGuard<'_, VecDeque<Arc<Asked>>> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[tokio::test]
    async fn operations_are_carried_out_in_their_order() {
        let addr = SocketAddr::from(([127, 0, 0, 1], 1));
        let entry = Arc::new(Entry::new(1, addr, addr, 0));
        let operations = Operations::default();
        let hold = Operation::Hold(Duration::from_secs(1));
        let first = operations.ask(hold.clone(), &entry);
        let second = operations.ask(Operation::Release, &entry);
        let asked = operations.next().await;
        assert_eq!((&asked.operation, first.outcome()), (&hold, None));
        asked.answer(Ok(Done::Held));
        assert_eq!(first.outcome(), Some(&Ok(Done::Held)));
        operations.next().await.answer(Err("no hold".to_owned()));
        assert_eq!(second.outcome(), Some(&Err("no hold".to_owned())));
    }
}
