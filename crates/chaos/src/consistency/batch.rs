//! A pipeline: its bytes, and what each of its replies will mean.

use fastrand::Rng;
use tidegate_test_support::wire::append;

use super::commands::form::Form;
use super::commands::{reads, writes};
use super::judge::level::Level;
use super::judge::mark::Mark;
use super::judge::registers::Registers;
use super::judge::session::Floor;
use super::keys::{Key, Kind};

/// A read of one register.
#[derive(Clone, Debug)]
pub struct Asked {
    pub key: Key,
    pub level: Level,
    /// Filled in when the pipeline is sent, but for what the client was told.
    pub floor: Floor,
    /// The highest version that was sent in front of it.
    pub sent_before: u32,
    /// Whether a write of the same client is behind it in this pipeline.
    pub is_in_front: bool,
}

/// A request that reads or writes registers.
#[derive(Clone, Debug)]
pub enum Command {
    Read {
        form: Form,
        asked: Vec<Asked>,
    },
    /// Versions that the client chose; SWAPDB and FLUSHDB write several registers.
    Write {
        written: Vec<(Key, u32)>,
    },
    /// The reply is the version.
    Increment {
        key: Key,
    },
    /// Any reply will do.
    Other,
}

/// What a reply is for.
#[derive(Clone, Debug)]
pub enum Step {
    Command(Command),
    /// `+OK`, without which nothing behind it means what it should.
    Ok,
    /// `+OK`, with which a transaction begins.
    Multi,
    Queued,
    Exec(Vec<Command>),
    /// A reply that the client looks at itself, whatever it is.
    Kept,
    /// WAITFOR: with `+OK` the session is as new as this.
    WaitFor(Vec<(Key, Mark)>),
}

/// A pipeline that is being put together.
#[derive(Debug)]
pub struct Batch<'r> {
    registers: &'r Registers,
    pub bytes: Vec<u8>,
    pub steps: Vec<Step>,
    /// The database that is selected behind the last request.
    pub database: usize,
    /// The commands of a transaction that has begun.
    queued: Option<Vec<Command>>,
    /// The level of the next read.
    level: Level,
    /// The level of the session.
    base: Level,
    /// Whether it may have scripts that may write.
    scripts: bool,
}

impl<'r> Batch<'r> {
    pub fn new(registers: &'r Registers, level: Level, database: usize) -> Self {
        let (bytes, steps) = (Vec::new(), Vec::new());
        let (queued, base, scripts) = (None, level, false);
        Self { registers, bytes, steps, database, queued, level, base, scripts }
    }

    /// The same, which may have scripts that may write.
    #[must_use]
    pub fn with_scripts(mut self, scripts: bool) -> Self {
        self.scripts = scripts;
        self
    }

    /// Selects the database of `key`.
    pub fn aim(&mut self, key: Key) {
        if self.database != key.database() {
            self.select(key.database());
        }
    }

    fn push(&mut self, command: Command) {
        match &mut self.queued {
            Some(queued) => {
                queued.push(command);
                self.steps.push(Step::Queued);
            }
            None => self.steps.push(Step::Command(command)),
        }
    }

    fn asked(&self, key: Key, told: Mark) -> Asked {
        let floor = Floor { told, ..Floor::default() };
        let sent_before = self.registers.sent(key.0);
        Asked { key, level: self.level, floor, sent_before, is_in_front: false }
    }

    pub fn read(&mut self, random: &mut Rng, key: Key) {
        self.read_told(random, key, Mark::default());
    }

    /// A read of what a message or a job on another connection named.
    pub fn read_told(&mut self, random: &mut Rng, key: Key, told: Mark) {
        let form = reads::read(&mut self.bytes, random, key, self.scripts);
        let asked = vec![self.asked(key, told)];
        self.push(Command::Read { form, asked });
        self.level = self.base;
    }

    pub fn read_all(&mut self, keys: &[Key]) {
        let form = reads::read_all(&mut self.bytes, keys);
        let asked = keys.iter().map(|key| self.asked(*key, Mark::default())).collect();
        self.push(Command::Read { form, asked });
        self.level = self.base;
    }

    /// Writes the next version of a register that this client owns.
    pub fn write(&mut self, random: &mut Rng, key: Key) -> u32 {
        let sent = self.registers.sent(key.0);
        let version = match key.kind() {
            Kind::Text if random.u32(0..5) == 0 => (sent + 2) & !1,
            Kind::Text => (sent + 1) | 1,
            _ => sent + 1,
        };
        self.write_version(random, key, version);
        version
    }

    pub fn write_version(&mut self, random: &mut Rng, key: Key, version: u32) {
        writes::write(&mut self.bytes, random, key, version, self.scripts);
        self.now_sent(&[(key, version)]);
        self.push(Command::Write { written: vec![(key, version)] });
    }

    /// A request that writes all these registers at once.
    pub fn write_all(&mut self, words: &[&str], written: Vec<(Key, u32)>) {
        append(&mut self.bytes, words);
        self.now_sent(&written);
        self.push(Command::Write { written });
    }

    fn now_sent(&mut self, written: &[(Key, u32)]) {
        let queued = self.queued.iter_mut().flatten();
        let sent = self.steps.iter_mut().filter_map(|step| match step {
            Step::Command(command) => Some(command),
            _ => None,
        });
        for command in sent.chain(queued) {
            let Command::Read { asked, .. } = command else { continue };
            for it in asked.iter_mut().filter(|it| written.iter().any(|(key, _)| *key == it.key)) {
                it.is_in_front = true;
            }
        }
        for (key, version) in written {
            self.registers.send(key.0, *version);
        }
    }

    pub fn increment(&mut self, random: &mut Rng, key: Key) {
        writes::increment(&mut self.bytes, random, key, self.scripts);
        self.registers.send_increment(key.0);
        self.push(Command::Increment { key });
    }

    /// A request without a register.
    pub fn other(&mut self, words: &[&str]) {
        append(&mut self.bytes, words);
        self.push(Command::Other);
    }

    /// A request whose reply the client looks at itself.
    pub fn keep(&mut self, words: &[&str]) {
        append(&mut self.bytes, words);
        self.steps.push(Step::Kept);
    }

    pub fn select(&mut self, database: usize) {
        self.database = database;
        self.ok(&["SELECT", &database.to_string()]);
    }

    /// A request that has to be answered with `+OK`.
    pub fn ok(&mut self, words: &[&str]) {
        append(&mut self.bytes, words);
        self.steps.push(Step::Ok);
    }

    /// The next read has this level.
    pub fn next_at(&mut self, level: Level) {
        self.ok(&["PROXY", "NEXT", level.word()]);
        self.level = level;
    }

    pub fn wait_for(&mut self, token: &str, known: Vec<(Key, Mark)>) {
        append(&mut self.bytes, &["PROXY", "WAITFOR", token, "2000"]);
        self.steps.push(Step::WaitFor(known));
    }

    pub fn multi(&mut self) {
        append(&mut self.bytes, &["MULTI"]);
        self.steps.push(Step::Multi);
        self.queued = Some(Vec::new());
    }

    pub fn exec(&mut self) {
        append(&mut self.bytes, &["EXEC"]);
        let queued = self.queued.take().unwrap_or_default();
        self.steps.push(Step::Exec(queued));
    }

    /// Notes what others know now: the pipeline is about to be sent by way of this proxy.
    pub fn raise_floors(&mut self, proxy: usize) {
        let registers = self.registers;
        let commands = self.steps.iter_mut().flat_map(|step| match step {
            Step::Command(command) => std::slice::from_mut(command),
            Step::Exec(commands) => &mut commands[..],
            _ => &mut [],
        });
        for command in commands {
            let Command::Read { asked, .. } = command else { continue };
            for it in asked {
                it.floor.proxy = registers.acknowledged(proxy, it.key.0);
                it.floor.everywhere = registers.acknowledged_anywhere(it.key.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consistency::keys::OWNED_FROM;

    #[test]
    fn a_read_knows_of_the_write_behind_it_only() {
        let registers = Registers::new(OWNED_FROM + 10);
        let mut random = Rng::with_seed(1);
        // A list: every version is one more.
        let key = Key(OWNED_FROM + 3);
        assert_eq!(key.kind(), Kind::List);
        let mut batch = Batch::new(&registers, Level::Global, 0);
        batch.write(&mut random, key);
        batch.read(&mut random, key);
        batch.multi();
        batch.write(&mut random, key);
        batch.read(&mut random, key);
        batch.exec();
        let asked = |step: &Step| match step {
            Step::Command(Command::Read { asked, .. }) => Some(asked[0].clone()),
            Step::Exec(commands) => match &commands[1] {
                Command::Read { asked, .. } => Some(asked[0].clone()),
                _ => None,
            },
            _ => None,
        };
        let reads: Vec<_> = batch.steps.iter().filter_map(asked).collect();
        let seen: Vec<_> = reads.iter().map(|it| (it.sent_before, it.is_in_front)).collect();
        assert_eq!(seen, [(1, true), (2, false)]);
        registers.acknowledge(1, key.0, Mark::new(2, 5));
        batch.raise_floors(0);
        let Some(Step::Command(Command::Read { asked, .. })) = batch.steps.get(1) else { panic!() };
        assert_eq!((asked[0].floor.proxy, asked[0].floor.everywhere.version), (Mark::default(), 2));
    }
}
