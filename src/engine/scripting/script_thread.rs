//! The thread that runs scripts, and how the port reaches it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;

use super::host::Signals;
use super::job::{Done, Job};
use super::run::run;
use crate::engine::Engine;

/// The thread that runs scripts, one at a time.
#[derive(Debug)]
pub(in crate::engine) struct ScriptThread {
    jobs: Sender<Job>,
    done: Receiver<Done>,
    signals: Arc<Signals>,
    /// Notified when a script has ended.
    ended: Arc<Notify>,
}

/// What became of a script within some time.
#[derive(Debug)]
pub(in crate::engine) enum Ran {
    /// It has ended.
    Done(Box<Done>),
    /// It still runs.
    Unfinished(Unfinished),
    /// The thread is gone, and the store with it.
    Lost,
}

/// A script that still runs.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Unfinished {
    signals: Arc<Signals>,
    ended: Arc<Notify>,
}

impl Unfinished {
    /// Whether it has called a command that may write.
    pub(in crate::engine) fn has_written(&self) -> bool {
        self.signals.has_written.load(Relaxed)
    }

    /// Whether it has met a value that a server can read and the store cannot.
    pub(in crate::engine) fn has_met_opaque(&self) -> bool {
        self.signals.met_opaque.load(Relaxed)
    }

    /// Ends it soon.
    pub(in crate::engine) fn kill(&self) {
        self.signals.kill.store(true, Relaxed);
    }

    /// Waits until it has ended.
    pub(in crate::engine) async fn ended(&self) {
        self.ended.notified().await;
    }
}

impl ScriptThread {
    /// Starts the thread. It ends when this value is dropped.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub(in crate::engine) fn start(engine: &Arc<Engine>) -> io::Result<Self> {
        let (jobs, to_do) = channel::<Job>();
        let (finished, done) = channel();
        let (signals, ended) = (Arc::<Signals>::default(), Arc::<Notify>::default());
        let (own, told, engine) = (Arc::clone(&signals), Arc::clone(&ended), Arc::clone(engine));
        thread::Builder::new().name("engine-scripts".into()).spawn(move || {
            let _span = engine.span().entered();
            let mut interpreter = None;
            while let Ok(job) = to_do.recv() {
                own.kill.store(false, Relaxed);
                own.has_written.store(false, Relaxed);
                own.met_opaque.store(false, Relaxed);
                if finished.send(run(&engine, &mut interpreter, job, &own)).is_err() {
                    return;
                }
                told.notify_one();
            }
        })?;
        Ok(Self { jobs, done, signals, ended })
    }

    /// Runs a script, and waits for its end: so long if a time is given.
    pub(in crate::engine) fn run(&self, job: Job, limit: Option<Duration>) -> Ran {
        if self.jobs.send(job).is_err() {
            return Ran::Lost;
        }
        let done = match limit {
            Some(limit) => self.done.recv_timeout(limit),
            None => self.done.recv().map_err(RecvTimeoutError::from),
        };
        match done {
            Ok(done) => Ran::Done(Box::new(done)),
            Err(RecvTimeoutError::Disconnected) => Ran::Lost,
            Err(RecvTimeoutError::Timeout) => Ran::Unfinished(self.present()),
        }
    }

    /// The script that runs now, or runs next.
    pub(in crate::engine) fn present(&self) -> Unfinished {
        Unfinished { signals: Arc::clone(&self.signals), ended: Arc::clone(&self.ended) }
    }

    /// Returns a script that was unfinished, if it has ended by now.
    pub(in crate::engine) fn look(&self) -> Option<Ran> {
        match self.done.try_recv() {
            Ok(done) => Some(Ran::Done(Box::new(done))),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Ran::Lost),
        }
    }
}
