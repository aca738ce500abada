//! A load that is under way, on a thread of its own, and what it came to.

use std::io;
use std::sync::Arc;

use tokio::sync::oneshot::{self, error::TryRecvError};

use super::fault::LinkFault;
use crate::engine::Engine;
use crate::engine::persist::{LoadError, Loaded, SpoolReader, load};
use tidegate_replication::Setting;

/// The load.
#[derive(Debug)]
pub(super) enum Loading {
    /// It goes on.
    Running(oneshot::Receiver<Result<Loaded, LoadError>>),
    /// It has ended well. It may do so before the payload's last byte came: the mark is not the
    /// snapshot's.
    Done(Box<Loaded>),
}

impl Loading {
    /// Loads what the spool gets.
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
            // Nobody is there any more who would want it: the link was lost.
            drop(done.send(loaded));
        };
        let builder = std::thread::Builder::new().name("replica-load".into());
        builder.spawn(work).map_err(LinkFault::Spool)?;
        Ok(Self::Running(loading))
    }

    /// Whether it has ended.
    ///
    /// # Errors
    /// It failed.
    pub(super) fn has_ended(&mut self) -> Result<bool, LinkFault> {
        let Self::Running(answer) = self else { return Ok(true) };
        match answer.try_recv() {
            Ok(loaded) => *self = Self::Done(Box::new(loaded?)),
            Err(TryRecvError::Empty) => return Ok(false),
            Err(TryRecvError::Closed) => return Err(panicked()),
        }
        Ok(true)
    }

    /// What was loaded.
    ///
    /// # Errors
    /// It has not ended.
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
