//! The clients of a run: a thread each, which records what it asked for and what it was told.

mod blocking;
mod connection;
mod keys;
pub mod load;
mod mixed;
mod request;
mod subscriber;
mod transactions;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};

use self::connection::Client;
pub use self::keys::finals;
use self::load::{Load, Record};

/// What a client does until the end.
type Behaviour = fn(&mut Client);

/// How many clients do the same.
const COMPOSITION: [(Behaviour, &str, usize); 8] = [
    (mixed::count, "counter", 6),
    (mixed::pipeline, "pipeline", 4),
    (transactions::append, "transaction", 2),
    (transactions::swap, "watch", 2),
    (blocking::produce, "producer", 1),
    (blocking::consume, "blocking", 2),
    (subscriber::publish, "publisher", 1),
    (subscriber::subscribe, "subscriber", 2),
];

/// Running clients.
#[derive(Debug)]
pub struct Crew {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Record>>,
}

impl Crew {
    pub fn start(load: Load) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let all = COMPOSITION
            .iter()
            .flat_map(|(run, kind, count)| std::iter::repeat_n((*run, *kind), *count));
        let one = |(number, (run, kind)): (usize, (Behaviour, &'static str))| {
            let mut client = Client::new(number, kind, load, Arc::clone(&stop));
            thread::spawn(move || {
                run(&mut client);
                client.record
            })
        };
        Self { threads: all.enumerate().map(one).collect(), stop }
    }

    /// Ends the clients after their requests under way.
    pub fn finish(mut self) -> Record {
        self.stop.store(true, Relaxed);
        let mut all = Record::default();
        for thread in std::mem::take(&mut self.threads) {
            let record = thread.join().unwrap();
            all.operations.extend(record.operations);
            all.receptions.extend(record.receptions);
        }
        all
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}
