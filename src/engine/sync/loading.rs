//! A load under way on a thread of its own, and its outcome.

use std::io;
use std::sync::Arc;

use tokio::sync::oneshot::{self, error::TryRecvError};

use super::fault::LinkFault;
use crate::engine::Engine;
use crate::engine::persist::{LoadError, Loaded, SpoolReader, load};
use tidegate_replication::Setting;

/// The load of a snapshot.
#[derive(Debug)]
pub(super) enum Loading {
    /// The load goes on.
    Running(oneshot::Receiver<Result<Loaded, LoadError>>),
    /// The load has succeeded. It may end before the last byte of the payload has arrived, because
    /// the mark at the end is not part of the snapshot.
    Done(Box<Loaded>),
}

impl Loading {
    /// Starts to load what the spool receives.
    pub(super) fn start(
        engine: &Arc<Engine>,
        source: SpoolReader,
        settings: Arc<[Setting]>,
    ) -> Result<Self, LinkFault> {
        let engine = Arc::clone(engine);
        let (done, loading) = oneshot::channel();
        let work = move || {
            let room = || engine.make_room();
            let loaded = load(source, engine.databases, engine.seed, room, &settings);
            // The link was lost, so its task does not wait any more.
            drop(done.send(loaded));
        };
        let builder = std::thread::Builder::new().name("replica-load".into());
        builder.spawn(work).map_err(LinkFault::Spool)?;
        Ok(Self::Running(loading))
    }

    /// Whether the load has ended.
    ///
    /// # Errors
    /// Why the load failed.
    pub(super) fn has_ended(&mut self) -> Result<bool, LinkFault> {
        let Self::Running(answer) = self else { return Ok(true) };
        match answer.try_recv() {
            Ok(loaded) => *self = Self::Done(Box::new(loaded?)),
            Err(TryRecvError::Empty) => return Ok(false),
            Err(TryRecvError::Closed) => return Err(panicked()),
        }
        Ok(true)
    }

    /// Returns what was loaded.
    ///
    /// # Errors
    /// The load has not ended.
    pub(super) fn take(self) -> Result<Loaded, LinkFault> {
        match self {
            Self::Done(loaded) => Ok(*loaded),
            Self::Running(_) => Err(panicked()),
        }
    }
}

fn panicked() -> LinkFault {
    LinkFault::Spool(io::Error::other("the thread that loads it panicked"))
}
