//! How other threads reach the thread that feeds sub-replicas.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc};

use crate::net::Detached;
use crate::registry::Entry;

/// The most connections that wait for the feeding thread.
const JOINING_MAX: usize = 1024;

/// A client that has become a replica. The source has it already.
#[derive(Debug)]
pub(in crate::engine) struct Joining {
    pub(in crate::engine) entry: Arc<Entry>,
    pub(in crate::engine) stream: Detached,
    /// What it has sent behind its PSYNC.
    pub(in crate::engine) input: Vec<u8>,
}

/// The way to the feeding thread.
#[derive(Debug, Default)]
pub(in crate::engine) struct Feeding {
    /// Notified when the stream goes on, or when the state of a replica has changed.
    pub(in crate::engine) news: Notify,
    /// Notified when a replica has acknowledged more, or the own disk has more.
    pub(in crate::engine) acks: Notify,
    sender: Mutex<Option<mpsc::Sender<Joining>>>,
    /// Whether the process ends, so that no snapshot is written any more.
    is_over: AtomicBool,
}

impl Feeding {
    /// Returns the receiver of every client that becomes a replica.
    pub(in crate::engine) fn open(&self) -> mpsc::Receiver<Joining> {
        let (sender, receiver) = mpsc::channel(JOINING_MAX);
        *self.sender() = Some(sender);
        receiver
    }

    /// Hands a client over. It is returned if no thread takes it.
    pub(in crate::engine) fn hand_over(&self, joining: Joining) -> Result<(), Box<Joining>> {
        let sender = self.sender().clone();
        match sender {
            Some(sender) => sender.try_send(joining).map_err(|error| Box::new(error.into_inner())),
            None => Err(Box::new(joining)),
        }
    }

    /// Ends the snapshot that is being written, and all later ones.
    pub(in crate::engine) fn end(&self) {
        self.is_over.store(true, Relaxed);
    }

    /// Whether no snapshot is to be written any more.
    pub(in crate::engine) fn is_over(&self) -> bool {
        self.is_over.load(Relaxed)
    }

    /// Wakes the tasks of all replicas.
    pub(in crate::engine) fn notify(&self) {
        self.news.notify_waiters();
    }

    fn sender(&self) -> MutexGuard<'_, Option<mpsc::Sender<Joining>>> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
