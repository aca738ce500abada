//! A client's connection to one proxy, and the session that its replies are judged with.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tidegate_test_support::wire::is_timeout;
use tidegate_test_support::{PATIENCE, Reply, Wire};

use super::batch::Batch;
use super::judge::level::Level;
use super::judge::mark::Millis;
use super::judging::{Judge, Judged, Run};
use super::keys::Key;
use super::world::World;

/// One connection at a time.
#[derive(Debug)]
pub struct Link {
    pub judge: Judge,
    /// The database that is selected.
    pub database: usize,
    wire: Option<Wire>,
    is_resp3: bool,
    batches: u32,
    pushes: VecDeque<Reply>,
}

impl Link {
    pub fn new(world: Arc<World>, client: usize, proxy: usize, level: Level) -> Self {
        Self {
            judge: Judge::new(world, client, proxy, level),
            database: 0,
            wire: None,
            is_resp3: false,
            batches: 0,
            pushes: VecDeque::new(),
        }
    }

    pub fn disconnect(&mut self) {
        self.wire = None;
        self.pushes.clear();
    }

    pub fn is_connected(&self) -> bool {
        self.wire.is_some()
    }

    pub fn is_resp3(&self) -> bool {
        self.is_resp3
    }

    /// An empty pipeline for this session.
    pub fn batch<'w>(&self, world: &'w World) -> Batch<'w> {
        let batch = Batch::new(&world.registers, self.judge.session.level, self.database);
        batch.with_scripts(world.is_heavy())
    }

    /// Connects if need be. A new connection is a new session.
    pub fn connect(&mut self, resp3: bool) -> bool {
        if self.wire.is_some() {
            return true;
        }
        self.judge.forget();
        (self.database, self.is_resp3) = (0, resp3);
        let connect = || -> io::Result<Wire> {
            let mut wire = Wire::try_connect(self.judge.world.proxies[self.judge.proxy])?;
            wire.set_timeout(PATIENCE);
            let refused = io::ErrorKind::InvalidData;
            if resp3 && !matches!(wire.try_cmd(&["HELLO", "3"])?, Reply::Map(_)) {
                return Err(refused.into());
            }
            let level = self.judge.session.level;
            if level != self.judge.world.base
                && wire.try_cmd(&["PROXY", "CONSISTENCY", level.word()])?.is_err()
            {
                return Err(refused.into());
            }
            Ok(wire)
        };
        match connect() {
            Ok(wire) => self.wire = Some(wire),
            Err(error) => {
                self.judge.tally.error(&format!("connect: {:?}", error.kind()));
                thread::sleep(Duration::from_millis(20));
            }
        }
        self.judge.tally.reconnects += 1;
        self.wire.is_some()
    }

    /// Sends a pipeline, reads its replies and judges them. Without a connection nothing is sent.
    pub fn run(&mut self, batch: Batch<'_>) -> Run {
        let bytes = batch.bytes.clone();
        let run = self.exchange(batch);
        for (place, key) in self.judge.suspects() {
            self.judge.trace(place, &bytes.escape_ascii().to_string());
            self.look_again(place, key);
        }
        run
    }

    /// Asks the master for a register that a reply was too old for: a transaction goes there.
    fn look_again(&mut self, place: usize, key: Key) {
        let world = Arc::clone(&self.judge.world);
        let mut batch = self.batch(&world);
        batch.aim(key);
        batch.multi();
        batch.read(&mut fastrand::Rng::with_seed(world.seed), key);
        batch.exec();
        if let Some(version) = self.exchange(batch).read {
            self.judge.confirm(place, version.unwrap_or(0));
        }
        // What this reply breaks is no news.
        drop(self.judge.suspects());
    }

    fn exchange(&mut self, mut batch: Batch<'_>) -> Run {
        let mut judged = Judged::new(self.judge.world.now(), self.batches);
        self.batches += 1;
        if self.wire.is_none() {
            return judged.run;
        }
        self.database = batch.database;
        batch.raise_floors(self.judge.proxy);
        // What could not be sent as a whole may have been sent in part.
        let _ = self.wire.as_mut().map(|wire| wire.try_send_raw(&batch.bytes));
        let sent = self.judge.world.now();
        for (number, step) in batch.steps.into_iter().enumerate() {
            let reply = self.reply(number, sent, &batch.bytes);
            if !self.judge.take(step, reply, &mut judged) {
                self.disconnect();
            }
        }
        if judged.refused {
            // An application does not ask as fast as it is refused.
            thread::sleep(Duration::from_millis(10));
        }
        judged.run
    }

    /// The next reply that is no push, to request `number` of a pipeline of these `bytes`, which was
    /// sent at `sent`; `None` once the connection is gone.
    fn reply(&mut self, number: usize, sent: Millis, bytes: &[u8]) -> Option<Reply> {
        loop {
            match self.wire.as_mut()?.try_read_reply() {
                Ok(push @ Reply::Push(_)) => self.pushes.push_back(push),
                Ok(reply) => return Some(reply),
                Err(error) => {
                    if is_timeout(&error) || error.kind() == io::ErrorKind::InvalidData {
                        let (from, pipeline) = (self.database, bytes.escape_ascii());
                        self.judge.wrong(format!(
                            "no reply: {error}; request {number} of those sent at {sent} ms, \
                             database {from} at their end: {pipeline}"
                        ));
                    }
                    self.disconnect();
                }
            }
        }
    }

    /// The next push or message within `limit`; `None` if there is none, or no connection.
    pub fn message(&mut self, limit: Duration) -> Option<Reply> {
        if let Some(push) = self.pushes.pop_front() {
            return Some(push);
        }
        let wire = self.wire.as_mut()?;
        wire.set_timeout(limit);
        let reply = wire.try_read_reply();
        wire.set_timeout(PATIENCE);
        match reply {
            Ok(reply) => Some(reply),
            Err(error) => {
                if !is_timeout(&error) {
                    self.disconnect();
                }
                None
            }
        }
    }

    /// Sends bytes and reads nothing.
    pub fn say(&mut self, bytes: &[u8]) {
        let _ = self.wire.as_mut().map(|wire| wire.try_send_raw(bytes));
    }
}
