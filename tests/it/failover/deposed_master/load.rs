//! Clients that increment without pause, and the account of what they were told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::support::*;

/// As many clients as the measurements had.
pub const CLIENTS: usize = 20;

/// What one client was told.
#[derive(Debug, Default)]
struct Told {
    acknowledged: i64,
    in_doubt: u64,
    errors: BTreeMap<String, u64>,
}

/// What all clients were told, and what the last master has of it.
#[derive(Debug, Default)]
pub struct Account {
    pub acknowledged: i64,
    /// Acknowledged increments that the last master does not have.
    pub lost: i64,
    /// Those that the replica lacked in the moment of its promotion: no proxy can save them.
    pub behind: i64,
    pub in_doubt: u64,
    /// By their first word.
    pub errors: BTreeMap<String, u64>,
    /// The longest time in which no client got an acknowledgement.
    pub gap: Duration,
}

/// Running clients.
pub struct Load {
    stop: Arc<AtomicBool>,
    gap: Arc<Gap>,
    threads: Vec<JoinHandle<Told>>,
}

/// What all clients together were told, while they run.
#[derive(Debug)]
struct Gap {
    acknowledged: AtomicI64,
    started: Instant,
    last_us: AtomicU64,
    longest_us: AtomicU64,
}

impl Gap {
    fn note(&self) {
        let now = u64::try_from(self.started.elapsed().as_micros()).unwrap();
        let last = self.last_us.swap(now, Relaxed);
        self.acknowledged.fetch_add(1, Relaxed);
        self.longest_us.fetch_max(now.saturating_sub(last), Relaxed);
    }
}

impl Load {
    /// Each client rests for `pause` between two requests.
    pub fn start(proxy: SocketAddr, pause: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (last_us, longest_us) = Default::default();
        let acknowledged = AtomicI64::default();
        let gap = Arc::new(Gap { acknowledged, started: Instant::now(), last_us, longest_us });
        let one = |n: usize| {
            let (stop, gap) = (Arc::clone(&stop), Arc::clone(&gap));
            thread::spawn(move || increment(proxy, &format!("counter:{n}"), (&stop, pause), &gap))
        };
        let threads = (0..CLIENTS).map(one).collect();
        Self { stop, gap, threads }
    }

    /// Promotes `heir`; how many acknowledged increments it lacked then.
    #[track_caller]
    pub fn promote(&self, heir: &RedisServer) -> i64 {
        let before = self.gap.acknowledged.load(Relaxed);
        heir.promote();
        let keys: Vec<_> = (0..CLIENTS).map(|n| format!("counter:{n}")).collect();
        let words: Vec<_> =
            std::iter::once("MGET").chain(keys.iter().map(String::as_str)).collect();
        let Reply::Array(values) = heir.cmd(&words) else { panic!("no values") };
        // A client whose first INCR has not come yet has no counter.
        let held = values.iter().filter(|it| !matches!(it, Reply::Null));
        before - held.map(|it| it.str().parse::<i64>().unwrap()).sum::<i64>()
    }

    /// Waits until more than so many writes are acknowledged: on a slow machine that takes long.
    #[track_caller]
    pub fn write_more_than(&self, enough: i64) {
        eventually(PATIENCE, || match self.gap.acknowledged.load(Relaxed) {
            n if n > enough => Ok(()),
            n => Err(format!("{n} of {enough} writes")),
        });
    }

    /// Ends the clients and compares what they were told with what `master` has.
    #[track_caller]
    pub fn finish(mut self, master: &RedisServer) -> Account {
        self.stop.store(true, Relaxed);
        let mut account = Account::default();
        for (n, thread) in std::mem::take(&mut self.threads).into_iter().enumerate() {
            let told = thread.join().unwrap();
            let value = match master.cmd(&["GET", &format!("counter:{n}")]) {
                Reply::Bulk(value) => String::from_utf8(value).unwrap().parse().unwrap(),
                _ => 0,
            };
            account.acknowledged += told.acknowledged;
            account.lost += (told.acknowledged - value).max(0);
            account.in_doubt += told.in_doubt;
            for (word, count) in told.errors {
                *account.errors.entry(word).or_default() += count;
            }
        }
        account.gap = Duration::from_micros(self.gap.longest_us.load(Relaxed));
        account
    }
}

impl Drop for Load {
    /// The clients of a test that failed must not go on beside the others.
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

fn increment(
    proxy: SocketAddr,
    key: &str,
    (stop, pause): (&AtomicBool, Duration),
    gap: &Gap,
) -> Told {
    let mut told = Told::default();
    let mut wire: Option<Wire> = None;
    while !stop.load(Relaxed) {
        let Some(client) = &mut wire else {
            wire = Wire::try_connect(proxy).ok();
            if wire.is_none() {
                thread::sleep(Duration::from_millis(10));
            }
            continue;
        };
        match client.try_cmd(&["INCR", key]) {
            Ok(Reply::Int(_)) => {
                told.acknowledged += 1;
                gap.note();
                if !pause.is_zero() {
                    thread::sleep(pause);
                }
                continue;
            }
            Ok(Reply::Error(text)) if text.starts_with("INDOUBT ") => told.in_doubt += 1,
            Ok(Reply::Error(text)) => {
                let word = text.split(' ').next().unwrap_or_default();
                *told.errors.entry(word.to_owned()).or_default() += 1;
            }
            Ok(other) => panic!("{other:?}"),
            Err(_) => {
                told.in_doubt += 1;
                wire = None;
            }
        }
        // An application does not ask as fast as it is refused.
        thread::sleep(Duration::from_millis(1));
    }
    told
}
