//! The judge of one client's sessions: what each reply means for its session, for all others, and
//! for the counts.

use std::collections::VecDeque;
use std::sync::Arc;

use tidegate_test_support::Reply;

use super::batch::{Asked, Command, Step};
use super::commands::form::{Form, version};
use super::judge::level::{Level, Rule};
use super::judge::mark::{Mark, Millis};
use super::judge::session::{Finding, Read, Session};
use super::judge::tally::{Breach, Tally};
use super::keys::{Key, Kind};
use super::world::World;
use crate::history::Outcome;

/// How many registers a session remembers for its token.
const TOUCHED: usize = 16;

/// How many wrong replies are kept in full.
const WRONG: usize = 20;

/// What became of a pipeline.
#[derive(Debug, Default)]
pub struct Run {
    /// The replies that the client looks at itself; fewer if the connection ended.
    pub kept: Vec<Reply>,
    /// Registers with a write of an unknown fate.
    pub in_doubt: Vec<Key>,
    /// Acknowledged writes.
    pub acknowledged: u32,
    /// What the last read returned: `Some(None)` for no such key.
    pub read: Option<Option<u32>>,
}

/// The pipeline that is being judged.
#[derive(Debug)]
pub struct Judged {
    pub run: Run,
    sent: Millis,
    batch: u32,
    /// Whether the last MULTI was accepted.
    began: bool,
    /// The replies to commands behind a MULTI that was refused.
    alone: Vec<Reply>,
    /// Whether a request got an error.
    pub refused: bool,
}

impl Judged {
    /// A pipeline that is sent now; `batch` is its number.
    pub fn new(sent: Millis, batch: u32) -> Self {
        let (run, alone) = (Run::default(), Vec::new());
        Self { run, sent, batch, began: true, alone, refused: false }
    }
}

/// The judge, with the session of the client's connection of now.
#[derive(Debug)]
pub struct Judge {
    pub world: Arc<World>,
    pub client: usize,
    pub proxy: usize,
    pub session: Session,
    pub tally: Tally,
    touched: VecDeque<Key>,
    /// Breaches of the last pipeline, by their place in the tally.
    suspects: Vec<(usize, Key)>,
}

impl Judge {
    pub fn new(world: Arc<World>, client: usize, proxy: usize, level: Level) -> Self {
        let session = Session::new(level, world.registers.len());
        let (tally, touched) = (Tally::default(), VecDeque::new());
        let suspects = Vec::new();
        Self { world, client, proxy, session, tally, touched, suspects }
    }

    /// Another session begins.
    pub fn forget(&mut self) {
        self.session.forget();
        self.touched.clear();
    }

    /// The registers that the session has read or written last, with what it knows of them.
    pub fn known(&self) -> Vec<(Key, Mark)> {
        self.touched.iter().map(|key| (*key, self.session.knows(key.0))).collect()
    }

    /// The breaches of the last pipeline, once.
    pub fn suspects(&mut self) -> Vec<(usize, Key)> {
        std::mem::take(&mut self.suspects)
    }

    /// Notes the pipeline of a request whose reply breaks a rule.
    pub fn trace(&mut self, place: usize, pipeline: &str) {
        if let Some(breach) = self.tally.breaches.get_mut(place) {
            pipeline.clone_into(&mut breach.pipeline);
        }
    }

    /// The master has this version now. If it is the one that a breach is compared with, that was not
    /// lost. Versions of counters prove nothing, because other clients reach them anew.
    pub fn confirm(&mut self, place: usize, version: u32) {
        let breach = self.tally.breaches.get_mut(place);
        if let Some(breach) =
            breach.filter(|it| it.mark.version == version && !Key(it.key).is_shared())
        {
            breach.is_there = true;
        }
    }

    /// Judges the reply to one request; false if what is behind it does not mean what it should.
    pub fn take(&mut self, step: Step, reply: Option<Reply>, judged: &mut Judged) -> bool {
        match (step, reply) {
            (Step::Multi, reply) => {
                judged.began = reply.as_ref().is_some_and(is_ok);
                judged.alone.clear();
                self.tally.others += 1;
            }
            (Step::Command(command), Some(reply)) => self.judge(command, &reply, judged),
            (Step::Command(command), None) => self.doubt(&command, judged),
            (Step::Queued, Some(reply)) if !judged.began => judged.alone.push(reply),
            (Step::Exec(commands), Some(reply)) if judged.began => {
                self.executed(commands, reply, judged);
            }
            (Step::Exec(commands), _) => self.executed_alone(commands, judged),
            (Step::Ok, Some(reply)) if !is_ok(&reply) => {
                match &reply {
                    Reply::Error(text) => drop(self.failed(text, "no OK", judged)),
                    other => self.note_wrong("no OK", other),
                }
                return false;
            }
            (Step::WaitFor(known), Some(reply)) => self.waited(known, &reply),
            (Step::Kept, Some(reply)) => {
                self.tally.others += 1;
                judged.run.kept.push(reply);
            }
            (Step::Ok, Some(_)) => self.tally.others += 1,
            (Step::Queued | Step::Ok | Step::WaitFor(_) | Step::Kept, _) => {}
        }
        true
    }

    /// Behind a MULTI that was refused, each command was a request of its own.
    fn executed_alone(&mut self, commands: Vec<Command>, judged: &mut Judged) {
        let replies = std::mem::take(&mut judged.alone);
        let mut replies = replies.into_iter();
        for command in commands {
            match replies.next() {
                Some(reply) if !matches!(&reply, Reply::Simple(text) if text == "QUEUED") => {
                    self.judge(command, &reply, judged);
                }
                _ => self.doubt(&command, judged),
            }
        }
        judged.began = true;
    }

    pub fn wrong(&mut self, text: String) {
        if self.tally.wrong.len() < WRONG {
            let (client, proxy) = (self.client, self.proxy);
            self.tally.wrong.push(format!("client {client} at proxy {proxy}: {text}"));
        }
    }

    fn note_wrong(&mut self, what: &str, reply: &Reply) {
        let text = format!("{reply:?}");
        self.wrong(format!("{what}: {:.200}", text));
    }

    /// The fate of a write without a reply is unknown.
    fn doubt(&mut self, command: &Command, judged: &mut Judged) {
        judged.refused = true;
        match command {
            Command::Write { written } => judged.run.in_doubt.extend(written.iter().map(|it| it.0)),
            Command::Read { .. } | Command::Increment { .. } | Command::Other => {}
        }
        self.tally.error("no reply");
    }

    fn executed(&mut self, commands: Vec<Command>, reply: Reply, judged: &mut Judged) {
        match reply {
            Reply::Array(replies) if replies.len() == commands.len() => {
                for (command, reply) in commands.into_iter().zip(&replies) {
                    self.judge(command, reply, judged);
                }
            }
            Reply::Null => self.tally.error("aborted"),
            Reply::Error(text) => {
                let outcome = self.failed(&text, "EXEC", judged);
                if matches!(outcome, Outcome::Unknown(_)) {
                    commands.iter().for_each(|it| self.doubt(it, judged));
                }
            }
            other => self.note_wrong("EXEC", &other),
        }
    }

    fn failed(&mut self, text: &str, what: &str, judged: &mut Judged) -> Outcome {
        judged.refused = true;
        let outcome = Outcome::of_error(text);
        self.tally.error(outcome.word());
        if matches!(outcome, Outcome::Wrong(_)) {
            self.wrong(format!("{what}: {text}"));
        }
        outcome
    }

    fn judge(&mut self, command: Command, reply: &Reply, judged: &mut Judged) {
        if let Reply::Error(text) = reply {
            let outcome = self.failed(text, &format!("{command:?}"), judged);
            if matches!(outcome, Outcome::Unknown(_)) {
                self.doubt(&command, judged);
            }
            return;
        }
        match &command {
            Command::Read { .. } => self.tally.reads += 1,
            Command::Write { .. } | Command::Increment { .. } => self.tally.writes += 1,
            Command::Other => self.tally.others += 1,
        }
        match command {
            Command::Read { form, asked } => self.judge_read(form, &asked, reply, judged),
            Command::Write { written } => {
                judged.run.acknowledged += 1;
                for (key, version) in written {
                    self.acknowledged(key, version, key.kind() == Kind::Swapped, judged);
                }
            }
            Command::Increment { key } => match version(Form::Number, key, reply) {
                Ok(Some(version)) => {
                    judged.run.acknowledged += 1;
                    self.acknowledged(key, version, true, judged);
                }
                _ => self.note_wrong(&key.name(), reply),
            },
            Command::Other => {}
        }
    }

    fn judge_read(&mut self, form: Form, asked: &[Asked], reply: &Reply, judged: &mut Judged) {
        let replies = match (form, reply) {
            (Form::Each, Reply::Array(replies)) if replies.len() == asked.len() => &replies[..],
            (Form::Each, other) => return self.note_wrong("MGET", other),
            _ => std::slice::from_ref(reply),
        };
        let at = self.world.now();
        for (asked, reply) in asked.iter().zip(replies) {
            let key = asked.key;
            let Ok(version) = version(form, key, reply) else {
                self.note_wrong(&key.name(), reply);
                continue;
            };
            judged.run.read = Some(version);
            let possible = self.world.registers.sent(key.0);
            let in_front = asked.is_in_front.then_some(asked.sent_before);
            let limit = in_front.unwrap_or(possible);
            let absent = if key.is_deleted_at_times() { limit & !1 } else { 0 };
            let read = Read {
                key: key.0,
                version: version.unwrap_or(absent),
                is_absent: version.is_none(),
                at,
                batch: judged.batch,
                level: asked.level,
                floor: asked.floor,
                possible,
                in_front,
            };
            for finding in self.session.read(&read).into_iter().flatten() {
                self.note(asked.level, key, (read.version, at), finding, judged.sent);
            }
            self.touch(key);
        }
    }

    fn acknowledged(&mut self, key: Key, version: u32, is_newest: bool, judged: &Judged) {
        let at = self.world.now();
        let mark = Mark::new(version, at);
        let level = self.session.level;
        if key.kind() == Kind::Swapped {
            let mark = self.world.registers.acknowledged_anywhere(key.0);
            let is_broken = mark.version == version;
            let finding = Finding { rule: Rule::LostUpdate, mark, is_broken };
            self.note(level, key, (version, at), finding, judged.sent);
        }
        if let Some(finding) = self.session.acknowledged(key.0, mark, judged.batch, is_newest) {
            self.note(level, key, (version, at), finding, judged.sent);
        }
        self.world.registers.acknowledge(self.proxy, key.0, mark);
        self.world.wrote(key);
        self.touch(key);
    }

    fn touch(&mut self, key: Key) {
        if self.touched.contains(&key) {
            return;
        }
        if self.touched.len() == TOUCHED {
            self.touched.pop_front();
        }
        self.touched.push_back(key);
    }

    fn note(
        &mut self,
        level: Level,
        key: Key,
        (version, at): (u32, Millis),
        finding: Finding,
        sent: Millis,
    ) {
        let (client, proxy) = (self.client, self.proxy);
        let is_kept = self.tally.note(level, finding, |finding| {
            let text = format!("client {client} at proxy {proxy}, {}", key.name());
            Breach { text, ..Breach::new(finding, level, (key.0, version), (at, sent)) }
        });
        if is_kept {
            self.suspects.push((self.tally.breaches.len() - 1, key));
        }
    }

    fn waited(&mut self, known: Vec<(Key, Mark)>, reply: &Reply) {
        self.tally.others += 1;
        match reply {
            Reply::Error(text) => self.tally.error(&format!("WAITFOR {text:.60}")),
            reply if is_ok(reply) => {
                for (key, mark) in known {
                    self.session.waited_for(key.0, mark);
                }
            }
            other => self.note_wrong("WAITFOR", other),
        }
    }
}

fn is_ok(reply: &Reply) -> bool {
    matches!(reply, Reply::Simple(text) if text == "OK")
}
