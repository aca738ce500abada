//! Read-only scripts of the proxy's clients. A thread of their own runs them, one at a time, because a
//! script may run for long.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;

use super::Engine;
use super::scripting::{Job, Ran, Refused, ScriptThread, Unfinished};
use super::state::background::Background;
use super::state::unix_ms;
use tidegate_acl::User;
use tidegate_store::{CallContext, Wanted};
use tidegate_wire::command::{Command, Effect, number};
use tidegate_wire::resp::{Args, RespVersion};
use tidegate_wire::units::millis;

/// The most scripts that wait.
const WAITING_MAX: usize = 64;
/// The time between two looks whether the script before runs for long.
const LOOK: Duration = Duration::from_millis(50);

/// A script that is to run.
#[derive(Debug)]
pub struct ScriptRead {
    /// The [`Engine::data_epoch`] whose data may be read.
    pub data_epoch: u64,
    /// The database of the client.
    pub db: u32,
    /// The protocol of the reply.
    pub version: RespVersion,
    /// EVAL_RO, EVALSHA_RO or FCALL_RO: a complete multibulk request.
    pub frame: Vec<u8>,
    /// The longest reply, in bytes.
    pub most: usize,
    /// The client's user; `None` if it may do everything.
    pub user: Option<Arc<User>>,
}

/// What a script has answered.
#[derive(Debug)]
pub enum ScriptAnswer {
    /// The reply.
    Reply(Vec<u8>),
    /// The error that the engine has no such script or function: the master may have it.
    Missing(Vec<u8>),
    /// A server has to answer: the data are gone, the reply is too long, or the script has met a value
    /// that only a server can read.
    Elsewhere,
}

impl Engine {
    /// Whether the engine runs this command of the proxy's clients: a script that only reads. One that
    /// the login of `[topology]` may not run goes to the servers, which refuse it.
    #[must_use]
    pub fn runs_script(&self, command: &Command) -> bool {
        command.effect == Effect::ReadOnlyScript && self.knows(command) && self.may_run(command)
    }

    /// Whether the login of `[topology]` may run this command (or container of commands).
    pub(super) fn may_run(&self, command: &Command) -> bool {
        let container = command.name.split('|').next().unwrap_or_default();
        number(container.as_bytes()).is_some_and(|number| self.allowed.has(number))
    }
}

/// The scripts that wait, and the thread that runs them.
#[derive(Debug)]
pub struct ScriptReads {
    queue: Background,
    runner: Arc<Runner>,
}

#[derive(Debug)]
struct Runner {
    engine: Arc<Engine>,
    thread: Mutex<Option<ScriptThread>>,
    /// The script that runs, and since when, in milliseconds of the engine's clock.
    running: Mutex<Option<(Unfinished, u64)>>,
}

impl ScriptReads {
    /// Those of an engine; no thread runs yet.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        let (thread, running) = Default::default();
        let runner = Arc::new(Runner { engine, thread, running });
        Self { queue: Background::new("replica-scripts"), runner }
    }

    /// Queues a script. `None` while another one has run for longer than `busy-reply-threshold`, or too
    /// many wait: then a server is the better place.
    #[must_use]
    pub fn queue(&self, read: ScriptRead) -> Option<QueuedScript> {
        if self.queue.len() >= WAITING_MAX || self.runner.is_busy() {
            return None;
        }
        let (told, answer) = oneshot::channel();
        let has_begun = Arc::<AtomicBool>::default();
        let (runner, begun) = (Arc::clone(&self.runner), Arc::clone(&has_begun));
        self.queue.run(move || {
            // The client may be gone by then, or may have turned to a server.
            if !told.is_closed() {
                begun.store(true, SeqCst);
                drop(told.send(runner.answer(read)));
            }
        });
        Some(QueuedScript { answer, has_begun, runner: Arc::clone(&self.runner) })
    }

    /// Ends the script that has run for longer than `busy-reply-threshold`; false if none has.
    #[must_use]
    pub fn kill(&self) -> bool {
        let is_busy = self.runner.is_busy();
        if let Some((script, _)) = self.runner.running().as_ref().filter(|_| is_busy) {
            script.kill();
        }
        is_busy
    }
}

/// A script that waits for its turn, or runs.
#[derive(Debug)]
pub struct QueuedScript {
    answer: oneshot::Receiver<ScriptAnswer>,
    has_begun: Arc<AtomicBool>,
    runner: Arc<Runner>,
}

impl QueuedScript {
    /// Waits for the answer. A script that waits for one that runs for long is to run elsewhere.
    pub async fn answer(mut self) -> ScriptAnswer {
        loop {
            tokio::select! {
                // The sender is dropped unused only if the thread panicked.
                answer = &mut self.answer => return answer.unwrap_or(ScriptAnswer::Elsewhere),
                () = sleep(LOOK) => {
                    if self.runner.is_busy() && !self.has_begun.load(SeqCst) {
                        return ScriptAnswer::Elsewhere;
                    }
                }
            }
        }
    }
}

impl Runner {
    fn running(&self) -> MutexGuard<'_, Option<(Unfinished, u64)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a script has run for longer than `busy-reply-threshold`.
    fn is_busy(&self) -> bool {
        let Some(since_ms) = self.running().as_ref().map(|(_, since_ms)| *since_ms) else {
            return false;
        };
        let threshold = self.engine.config.load().replica.busy_reply_threshold;
        self.engine.now_ms().saturating_sub(since_ms) >= millis(threshold)
    }

    fn answer(&self, read: ScriptRead) -> ScriptAnswer {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let started = match thread.take() {
            Some(started) => Ok(started),
            None => ScriptThread::start(&self.engine),
        };
        let started = match started {
            Ok(started) => thread.insert(started),
            Err(error) => {
                tracing::warn!("no thread can be started for scripts: {error}");
                return ScriptAnswer::Elsewhere;
            }
        };
        let (script, most) = (started.present(), read.most);
        *self.running() = Some((script.clone(), self.engine.now_ms()));
        let ran = started.run(job(read), None);
        *self.running() = None;
        match ran {
            Ran::Done(done) => judge(done.reply, most, script.has_met_opaque()),
            Ran::Unfinished(_) | Ran::Lost => {
                *thread = None;
                ScriptAnswer::Elsewhere
            }
        }
    }
}

fn job(read: ScriptRead) -> Job {
    let db = usize::try_from(read.db).unwrap_or(usize::MAX);
    Job {
        words: Args::new(&read.frame).map(<[u8]>::to_vec).collect(),
        context: CallContext { db, now_ms: unix_ms(), version: read.version },
        store: None,
        wanted: Wanted::default(),
        refused: Refused::default(),
        reader: None,
        user: read.user,
        data_epoch: Some(read.data_epoch),
    }
}

fn judge(reply: Vec<u8>, most: usize, has_met_opaque: bool) -> ScriptAnswer {
    let is_missing =
        reply.starts_with(b"-NOSCRIPT ") || reply.starts_with(b"-ERR Function not found");
    if reply.is_empty() || reply.len() > most || has_met_opaque {
        ScriptAnswer::Elsewhere
    } else if is_missing {
        ScriptAnswer::Missing(reply)
    } else {
        ScriptAnswer::Reply(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_that_the_engine_cannot_give_comes_from_a_server() {
        let judged = |reply: &str, opaque| judge(reply.as_bytes().to_vec(), 20, opaque);
        assert!(matches!(judged(":1\r\n", false), ScriptAnswer::Reply(_)));
        assert!(matches!(judged("-NOSCRIPT x\r\n", false), ScriptAnswer::Missing(_)));
        for (reply, opaque) in
            [("", false), (":1\r\n", true), ("$20\r\n01234567890123456789", false)]
        {
            assert!(matches!(judged(reply, opaque), ScriptAnswer::Elsewhere), "{reply}");
        }
    }
}
