//! What one session of a proxy has written and read, and whether a reply agrees with it.

use super::level::{Level, Rule};
use super::mark::{Mark, Millis};

/// What others knew before a read was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Floor {
    /// The last write that the read's proxy had acknowledged.
    pub proxy: Mark,
    /// The last write that any proxy had acknowledged.
    pub everywhere: Mark,
    /// The write that a message or a job on another connection named.
    pub told: Mark,
}

/// A reply to a read.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    pub key: usize,
    /// The version that was read; the highest one possible if there is no such key.
    pub version: u32,
    pub is_absent: bool,
    pub at: Millis,
    /// The number of the pipeline that it came in.
    pub batch: u32,
    pub level: Level,
    pub floor: Floor,
    /// The highest version that can exist once the reply is there.
    pub possible: u32,
    /// The highest version that was sent in front of the read, where the session itself writes the
    /// register and a write of it is behind the read in this pipeline.
    pub in_front: Option<u32>,
}

/// What a rule says of one reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    pub rule: Rule,
    /// What the rule compares the version with.
    pub mark: Mark,
    pub is_broken: bool,
}

/// The most findings of one reply.
pub type Findings = [Option<Finding>; Rule::ALL.len()];

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// The session's last acknowledged write.
    own: Mark,
    /// The pipeline of that write.
    batch: u32,
    /// The newest version that the session has read.
    seen: Mark,
    /// What the session's jobs named.
    job: Mark,
    /// What the session's tokens stand for.
    token: Mark,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    pub level: Level,
    known: Vec<Known>,
}

impl Session {
    pub fn new(level: Level, registers: usize) -> Self {
        Self { level, known: vec![Known::default(); registers] }
    }

    /// Another session begins: a connection without the token of the last one.
    pub fn forget(&mut self) {
        self.known.fill(Known::default());
    }

    /// A write was acknowledged with this version. Where the server chose the version, it has to be
    /// newer than all that the session has read.
    pub fn acknowledged(
        &mut self,
        key: usize,
        mark: Mark,
        batch: u32,
        is_increment: bool,
    ) -> Option<Finding> {
        let known = &mut self.known[key];
        if mark.version >= known.own.version {
            (known.own, known.batch) = (mark, batch);
        }
        let is_judged = is_increment && known.seen.version > 0;
        let is_broken = mark.version <= known.seen.version;
        is_judged.then_some(Finding { rule: Rule::FrontOfWrite, mark: known.seen, is_broken })
    }

    /// The session took a job that names this version.
    pub fn took_job(&mut self, key: usize, mark: Mark) {
        self.known[key].job.raise(mark);
    }

    /// The session has waited for a token of a session that knew this version.
    pub fn waited_for(&mut self, key: usize, mark: Mark) {
        self.known[key].token.raise(mark);
    }

    /// The newest version that the session has written or read.
    pub fn knows(&self, key: usize) -> Mark {
        let mut mark = self.known[key].own;
        mark.raise(self.known[key].seen);
        mark
    }

    /// Judges a reply, and remembers its version.
    pub fn read(&mut self, read: &Read) -> Findings {
        let known = &mut self.known[read.key];
        let own = if known.own.version > 0 && known.batch == read.batch {
            Rule::BehindWrite
        } else {
            Rule::ReadYourWrites
        };
        let not_older = [
            (own, known.own),
            (Rule::Monotonic, known.seen),
            (Rule::Dequeued, known.job),
            (Rule::Token, known.token),
            (Rule::Recency, read.floor.proxy),
            (Rule::Told, read.floor.told),
            (Rule::Everywhere, read.floor.everywhere),
        ];
        let mut findings = Findings::default();
        for (finding, (rule, mark)) in findings.iter_mut().zip(not_older) {
            let is_broken = read.version < mark.version;
            *finding = (mark.version > 0).then_some(Finding { rule, mark, is_broken });
        }
        let not_newer =
            [(Rule::FrontOfWrite, read.in_front), (Rule::Invented, Some(read.possible))];
        for (finding, (rule, limit)) in findings[not_older.len()..].iter_mut().zip(not_newer) {
            *finding = limit.map(|limit| {
                let mark = Mark::new(limit, read.at);
                Finding { rule, mark, is_broken: read.version > limit }
            });
        }
        // A weaker read may show more than the session's own level has to remember, and it is not
        // known which of several deletions a missing key shows.
        if read.level >= self.level && !read.is_absent {
            known.seen.raise(Mark::new(read.version, read.at));
        }
        findings
    }
}
