//! The thread that keeps the data on the disk: it writes and syncs the append-only file, and begins
//! saves and rewrites when they are due (`serverCron`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::config::{AppendFsync, Replica};
use crate::engine::Engine;
use crate::engine::state::AofState;
use crate::tasks::Kind;

/// How often the thread looks what is due, at least.
const PERIOD: Duration = Duration::from_millis(100);
/// How often the file is synced under `appendfsync everysec`.
const SYNC_PERIOD: Duration = Duration::from_secs(1);

/// Keeps the data on the disk, for ever.
pub(in crate::engine) fn keep(engine: &Arc<Engine>) {
    engine.aof.kept_by(thread::current());
    let mut keeper = Keeper { synced: Instant::now(), looked: None };
    loop {
        let turn = catch_unwind(AssertUnwindSafe(|| keeper.turn(engine)));
        if turn.is_err() {
            engine.tasks.count_panic(Kind::ReplicaSave);
        }
        thread::park_timeout(PERIOD);
    }
}

struct Keeper {
    /// When the file was last synced.
    synced: Instant,
    /// When the thread last looked what is due.
    looked: Option<Instant>,
}

impl Keeper {
    fn turn(&mut self, engine: &Arc<Engine>) {
        let config = engine.config.load_full();
        let config = &config.replica;
        let is_lax = config.no_appendfsync_on_rewrite && engine.saves.go_on();
        engine.aof.set_policy(config.appendfsync, is_lax);
        self.write(engine, config.appendfsync, is_lax);
        if !engine.aof.is_restored() {
            return;
        }
        if self.looked.is_none_or(|at| at.elapsed() >= PERIOD) {
            self.looked = Some(Instant::now());
            engine.look_what_is_due(config);
        }
    }

    /// Writes and syncs.
    fn write(&mut self, engine: &Engine, policy: AppendFsync, is_lax: bool) {
        engine.log_flush();
        let is_due = match policy {
            _ if is_lax => false,
            AppendFsync::Always => true,
            AppendFsync::EverySec => self.synced.elapsed() >= SYNC_PERIOD,
            AppendFsync::No => false,
        };
        if is_due {
            while engine.aof.is_behind() && engine.aof.sync() {
                engine.log_flush();
                if policy != AppendFsync::Always {
                    break;
                }
            }
            self.synced = Instant::now();
            engine.feeding.acks.notify_one();
        }
        // Clients that were promised a sync would wait for ever.
        if policy == AppendFsync::Always && engine.aof.is_on() && engine.aof.has_failed() {
            engine.end_for_lost_disk();
        }
    }
}

impl Engine {
    /// Begins what is due.
    fn look_what_is_due(self: &Arc<Self>, config: &Replica) {
        self.adopt_appendonly();
        let now_ms = self.now_ms();
        let is_waiting = self.aof.state() == AofState::Waiting && self.may_save();
        let is_grown = self.aof.state() == AofState::On && has_grown(self, config);
        let is_wanted = self.schedule.wants_rewrite();
        if (is_wanted || is_waiting || is_grown) && self.schedule.may_rewrite(now_ms) {
            // The rewrite logs its own failure.
            drop(self.rewrite_log());
        }
        let is_due = self.save_is_due(config);
        if (is_due || self.schedule.wants_save()) && !self.saves.go_on() {
            drop(self.save_in_background());
        }
    }

    /// Turns the append-only file on or off, as the configuration says.
    pub(in crate::engine) fn adopt_appendonly(&self) {
        if !self.aof.is_restored() {
            return;
        }
        let wanted = self.config.load().replica.appendonly;
        if wanted && !self.aof.is_on() {
            self.aof.turn_on();
            tracing::info!("the append-only file is on; a rewrite begins it");
        } else if !wanted && self.aof.is_on() {
            self.aof.turn_off();
            self.feeding.acks.notify_one();
            tracing::info!("the append-only file is off");
        }
        self.aof.wake();
    }

    /// Whether there are data that may be saved.
    fn may_save(&self) -> bool {
        let info = self.link_info();
        info.has_data && (self.leads() || info.identity.is_resumable())
    }
}

/// Whether the file has grown enough to be rewritten.
fn has_grown(engine: &Engine, config: &Replica) -> bool {
    let (size, base) = (engine.aof.size(), engine.aof.rewritten_size().max(1));
    let percent = u64::from(config.auto_aof_rewrite_percentage);
    percent > 0
        && size > config.auto_aof_rewrite_min_size.bytes()
        && size.saturating_sub(base).saturating_mul(100) / base >= percent
}
