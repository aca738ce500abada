//! A run: commands, faults, pauses with their comparisons.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::broken;
use super::coverage;
use super::differ;
use super::load::Load;
use super::plan::{Plan, wanted_types};
use super::reads::Sides;
use super::replica::Replica;
use crate::support::*;
use crate::workload::{DATABASES, Reader, Request, Workload, show};

/// How many commands leave together, and how many bytes.
const BATCH: u64 = 400;
const BATCH_BYTES: usize = 1 << 20;
/// How long a replica may take to catch up, or to sync anew.
const CATCH_UP: Duration = Duration::from_secs(60);
/// The longest of the short times to live, and some more.
const SHORT_LIVES: Duration = Duration::from_millis(70);
/// How many keys of each database are read at a pause that is not the last one.
const SAMPLE: usize = 6;
/// How many requests are told of a key that differs, and about how many reads.
const LAST: usize = 12;
const MOST_TOLD: usize = 12;
/// From how many commands on every one of them must have succeeded somewhere.
const ENOUGH: u64 = 15_000;

/// What happens to the link between two pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// Cut for a moment: what was missed is in the backlog.
    Short,
    /// Cut until the backlog has forgotten where the replica was.
    Long,
    /// The master closes the link.
    Killed,
    /// Bytes come in crumbs.
    Crumbs,
}

const FAULTS: [Fault; 8] = [
    Fault::None,
    Fault::Short,
    Fault::Killed,
    Fault::Long,
    Fault::Crumbs,
    Fault::Short,
    Fault::None,
    Fault::Long,
];

/// A master, its replica, and what is said to them.
pub struct Run {
    plan: Plan,
    // The replica goes first, then the link, then the master.
    replica: Box<dyn Replica>,
    link: FaultProxy,
    master: RedisServer,
    scratch: RedisServer,
    workload: Workload,
    load: Load,
    sent: u64,
    compared: u64,
    /// What was sent since the last pause.
    history: Vec<Request>,
    fulls: i64,
    partials: i64,
}

impl Drop for Run {
    fn drop(&mut self) {
        if thread::panicking() {
            let log = self.replica.log();
            let tail: Vec<_> = log.lines().rev().take(30).collect();
            let tail: Vec<_> = tail.into_iter().rev().collect();
            eprintln!("{:?}\nthe replica's log:\n{}", self.plan, tail.join("\n"));
            self.keep_history();
        }
    }
}

impl Run {
    #[track_caller]
    pub fn new(plan: Plan) -> Self {
        // Waits that time out end with the next tick.
        let master = RedisServer::builder(plan.flavor)
            .arg("--repl-backlog-size", "4mb")
            .arg("--hz", "500")
            .start();
        let link = FaultProxy::start_seeded(master.addr(), plan.seed);
        let replica = plan.replica.start(plan.flavor, link.addr(), master.addr());
        let scratch = RedisServer::spawn(plan.flavor);
        let mut workload = Workload::new(plan.seed, plan.flavor, &wanted_types());
        if plan.flavor != Flavor::Redis62 {
            let text = "#!lua name=restored\nredis.register_function('restored', function() end)";
            scratch.cmd(&["FUNCTION", "LOAD", text]);
            workload.offer_functions(scratch.cmd(&["FUNCTION", "DUMP"]).bytes());
        }
        let load = Load::connect(master.addr());
        let run = Self {
            plan,
            replica,
            link,
            master,
            scratch,
            workload,
            load,
            sent: 0,
            compared: 0,
            history: Vec::new(),
            fulls: 0,
            partials: 0,
        };
        run.wait_synced();
        run
    }

    /// The whole plan.
    #[track_caller]
    pub fn all(&mut self) {
        let started = Instant::now();
        let part = (self.plan.commands / self.plan.pauses).max(1);
        for pause in 1..=self.plan.pauses {
            let at = usize::try_from(pause).unwrap() % FAULTS.len();
            self.write_with(part, FAULTS[at]);
            self.pause(self.plan.reads_all || pause == self.plan.pauses);
            if self.plan.talks {
                eprintln!("{}", self.row(started.elapsed()));
            }
        }
        if self.plan.commands >= ENOUGH && self.workload.is_whole() {
            assert!(self.fulls > 0 && self.partials > 0, "no resync: {}", self.row(Duration::ZERO));
            assert_eq!(coverage::unwritten(&self.master), Vec::<String>::new(), "never succeeded");
        }
        if self.plan.talks {
            eprintln!("RESULT {}", self.row(started.elapsed()));
        }
    }

    /// One row of the table that `scripts/equality` prints.
    fn row(&self, took: Duration) -> String {
        format!(
            "| {:?} | {:?} | {} | {} | {} | {} | {} | {:.0} s |",
            self.plan.flavor,
            self.plan.replica,
            self.plan.seed,
            self.sent,
            self.compared,
            self.partials,
            self.fulls,
            took.as_secs_f64()
        )
    }

    /// Writes `count` commands, a third of them while `fault` lasts.
    fn write_with(&mut self, count: u64, fault: Fault) {
        self.write(count / 3);
        let before = self.resyncs();
        self.begin(fault);
        // So few that the backlog holds them, until the replica is back.
        let third = count / 3;
        let is_brief = matches!(fault, Fault::Short | Fault::Killed);
        let meanwhile = if is_brief { third.min(300) } else { third };
        self.write(meanwhile);
        self.end(fault);
        if is_brief {
            self.wait_synced();
        }
        self.write(count - third - meanwhile);
        self.wait_synced();
        let after = self.resyncs();
        self.fulls += after.0 - before.0;
        self.partials += after.1 - before.1;
    }

    fn begin(&self, fault: Fault) {
        match fault {
            Fault::None => {}
            Fault::Short => self.link.cut(),
            Fault::Long => {
                self.wait_synced();
                self.master.cmd(&["CONFIG", "SET", "repl-backlog-size", "16384"]).ok();
                self.link.cut();
            }
            Fault::Killed => {
                self.master.cmd(&["CLIENT", "KILL", "TYPE", "replica"]);
            }
            Fault::Crumbs => self.link.split(7000),
        }
    }

    fn end(&self, fault: Fault) {
        self.link.heal();
        if fault == Fault::Long {
            // Whatever was written: now the backlog is over.
            let large = "x".repeat(40_000);
            self.master.cmd(&["PUBLISH", "channel", &large]);
            self.master.cmd(&["CONFIG", "SET", "repl-backlog-size", "4194304"]).ok();
        }
    }

    fn write(&mut self, count: u64) {
        let mut batch = 0;
        for _ in 0..count {
            self.add_one();
            batch += 1;
            let full = batch >= BATCH || self.load.len() >= BATCH_BYTES;
            if full && !self.workload.is_in_transaction() {
                self.load.send();
                batch = 0;
            }
        }
        while self.workload.is_in_transaction() {
            self.add_one();
        }
        self.load.send();
    }

    fn add_one(&mut self) {
        let request = self.workload.next();
        self.load.add(&request);
        self.history.push(request);
        self.sent += 1;
    }

    /// Full and partial resyncs that the master has granted.
    fn resyncs(&self) -> (i64, i64) {
        let stats = self.master.info("stats");
        let get = |key: &str| stats.get(key).unwrap().parse::<i64>().unwrap();
        (get("sync_full"), get("sync_partial_ok"))
    }

    /// Waits until the replica is linked and has all that the master has now.
    #[track_caller]
    fn wait_synced(&self) {
        let target = self.master.offset();
        eventually(CATCH_UP, || match self.replica.progress()? {
            progress if progress.up && progress.offset >= target => Ok(()),
            progress => Err(format!("master at {target}, replica: {progress:?}")),
        });
    }

    /// A command that the replica runs behind its master's back. Both have `stream:clock`, and
    /// `text:1` with a time to live, before.
    pub fn tamper(&self, command: &str) {
        self.master.cmd(&["SET", "text:1", "away", "PXAT", "4102444800000"]);
        self.master.cmd(&["XADD", "stream:clock", "*", "f", "v"]);
        self.wait_synced();
        let mut wire = self.replica.wire();
        wire.cmd(&["CONFIG", "SET", "replica-read-only", "no"]).ok();
        let reply = wire.cmd(&command.split(' ').collect::<Vec<_>>());
        assert!(!reply.is_err(), "{command}: {reply:?}");
    }

    /// Lets the short times to live pass, and has the master find every key, so that it deletes
    /// those that have expired: a replica never does. Fields go in the background, in their time.
    #[track_caller]
    fn quieten(&self) {
        thread::sleep(SHORT_LIVES);
        let mut wire = self.master.wire();
        for database in DATABASES {
            wire.cmd(&["SELECT", &database.to_string()]).ok();
            // KEYS would leave them out, and leave them there.
            let all = [vec![b"EXISTS".to_vec()], Reader::keys()].concat();
            wire.cmd(&all);
            eventually(CATCH_UP, || {
                let late =
                    Reader::keys().into_iter().find(|key| has_expired_fields(&mut wire, key));
                late.map_or(Ok(()), |key| Err(format!("{} has them", key.escape_ascii())))
            });
        }
        drop(wire);
        self.wait_synced();
    }

    /// Compares both: digests, then the answers to reads of some keys, or of all.
    #[track_caller]
    pub fn pause(&mut self, all: bool) {
        let (mut master, mut replica) = (self.master.wire(), self.replica.wire());
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            self.quieten();
            let digests = [&mut master, &mut replica].map(|wire| wire.cmd(&["DEBUG", "DIGEST"]));
            if digests[0] == digests[1] {
                break;
            }
            if self.plan.flavor == Flavor::Redis62 {
                let keys = Reader::keys();
                let removed = broken::remove(&mut master, &mut replica, &DATABASES, &keys);
                if removed > 0 {
                    eprintln!("{removed} keys were broken by the master itself");
                    continue;
                }
            }
            // Fields expire in the background only: their master may need some more time.
            if Instant::now() > deadline {
                let told = |key: &[u8]| self.history_of(key);
                let differ = differ::report(&mut master, &mut replica, &DATABASES, told);
                panic!("{:?} after {} commands: {differ}", self.plan, self.sent);
            }
        }
        self.compare_reads(all);
        self.history.clear();
    }

    /// The last requests since the last pause that named `key`, in any database.
    fn history_of(&self, key: &[u8]) -> String {
        let names = |request: &&Request| request.iter().any(|word| word == key);
        let mut last: Vec<_> = self.history.iter().rev().filter(names).take(LAST).collect();
        last.reverse();
        last.into_iter().map(|request| format!("    {}\n", show(request))).collect()
    }

    /// Leaves what was sent since the last pause in a file.
    fn keep_history(&self) {
        let name = format!("{:?}-{}.txt", self.plan.flavor, self.plan.seed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let lines: Vec<_> = self.history.iter().map(|request| show(request)).collect();
        if std::fs::write(&path, lines.join("\n")).is_ok() {
            eprintln!("what was sent since the last pause: {}", path.display());
        }
    }

    #[track_caller]
    fn compare_reads(&mut self, all: bool) {
        let mut reader = self.workload.reader(self.plan.seed ^ self.sent);
        for protocol in ["2", "3"] {
            let mut sides = Sides {
                master: self.master.wire(),
                replica: self.replica.wire(),
                scratch: self.scratch.wire(),
            };
            sides.master.cmd(&["HELLO", protocol]);
            sides.replica.cmd(&["HELLO", protocol]);
            for database in DATABASES {
                sides.select(database);
                self.compare_database(&mut sides, &mut reader, all);
            }
        }
    }

    #[track_caller]
    fn compare_database(&mut self, sides: &mut Sides, reader: &mut Reader, all: bool) {
        let mut keys = Reader::keys();
        if !all {
            fastrand::Rng::with_seed(self.sent).shuffle(&mut keys);
            keys.truncate(SAMPLE);
        }
        let mut wrong = sides.differences(&reader.of_database());
        for key in keys {
            let kind = sides.master.cmd(&[b"TYPE", &key[..]]);
            let reads = reader.of(&key, kind.str());
            self.compared += reads.len() as u64;
            let found = sides.differences(&reads);
            if !found.is_empty() && wrong.len() < MOST_TOLD {
                wrong.extend(found);
                wrong.push(format!("  after\n{}", self.history_of(&key)));
            }
        }
        let count = wrong.len();
        wrong.truncate(12);
        let told = wrong.join("\n");
        assert!(
            count == 0,
            "{:?} after {} commands: {count} reads differ\n{told}",
            self.plan,
            self.sent
        );
    }
}

/// Whether a hash holds fields that it no longer shows: HLEN counts them, HKEYS does not.
fn has_expired_fields(wire: &mut Wire, key: &[u8]) -> bool {
    let (Reply::Int(held), Reply::Array(shown)) =
        (wire.cmd(&[b"HLEN", key]), wire.cmd(&[b"HKEYS", key]))
    else {
        return false;
    };
    usize::try_from(held) != Ok(shown.len())
}
