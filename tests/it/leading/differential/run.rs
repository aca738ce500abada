//! A run: batches of requests of several clients, the clients that wait, and the digests.

use super::blocking::Waiting;
use super::requests::{Asked, Requests, SCRIPTS};
use super::sides::Sides;

/// How many requests are compared, unless the environment says otherwise.
const REQUESTS: u64 = 12_000;
/// After so many requests the digests are compared.
const PAUSE: u64 = 1500;
/// Clients that send requests of every kind; more of them wait for keys.
const CLIENTS: usize = 3;
const WAITING: usize = 5;

#[derive(Debug)]
pub struct Run {
    sides: Sides,
    requests: Requests,
    waiting: Waiting,
    seed: u64,
}

impl Run {
    pub fn new() -> Self {
        let seed = seed();
        let sides = Sides::start(CLIENTS + WAITING);
        let waiting = Waiting::new(CLIENTS..CLIENTS + WAITING, seed ^ 3);
        let mut run = Self { sides, requests: Requests::new(seed), waiting, seed };
        run.prepare();
        run
    }

    /// Loads the scripts, and lets the workload know functions as DUMP gives them.
    fn prepare(&mut self) {
        for side in [&mut self.sides.server, &mut self.sides.engine] {
            for words in [&["FLUSHALL"][..], &["FUNCTION", "FLUSH"], &["SCRIPT", "FLUSH"]] {
                side.control.cmd(words).ok();
            }
        }
        for script in SCRIPTS {
            let load = ["SCRIPT", "LOAD", script];
            let sha = self.sides.server.control.cmd(&load);
            assert_eq!(self.sides.engine.control.cmd(&load), sha);
            self.requests.shas.push(sha.str().to_owned());
        }
        let library = "#!lua name=given\nredis.register_function('given', function() end)";
        let mut dumps = Vec::new();
        for side in [&mut self.sides.server, &mut self.sides.engine] {
            side.control.cmd(&["FUNCTION", "LOAD", library]);
            dumps.push(side.control.cmd(&["FUNCTION", "DUMP"]));
        }
        assert_eq!(dumps[0], dumps[1], "FUNCTION DUMP");
        self.requests.workload.offer_functions(dumps[0].bytes());
    }

    /// Runs all requests.
    pub fn go(mut self) {
        let count = std::env::var("TIDEGATE_DIFFERENTIAL_COMMANDS").ok();
        let count = count.map_or(REQUESTS, |count| count.parse().unwrap());
        let (mut client, mut next_pause, mut next_told) = (0, PAUSE, 100_000);
        while self.sides.made < count && self.sides.differences.is_empty() {
            self.batch(client);
            if !self.requests.workload.is_in_transaction() && self.requests.draw.u8(..3) == 0 {
                client = self.requests.draw.usize(..CLIENTS);
            }
            if self.sides.made >= next_pause {
                next_pause += PAUSE;
                self.waiting.rounds(&mut self.sides, 12);
                if !self.sides.agree() {
                    break;
                }
            }
            if self.sides.made >= next_told {
                next_told += 100_000;
                eprintln!("{} requests", self.sides.made);
            }
        }
        self.sides.agree();
        let text = self.sides.differences.join("\n");
        let count =
            std::env::var("TIDEGATE_DIFFERENTIAL_TOLD").map_or(30, |it| it.parse().unwrap());
        let last = self.sides.last(count);
        assert!(text.is_empty(), "seed {}\n{text}\nthe last requests:\n{last}", self.seed);
        eprintln!("seed {}: {} requests, no difference", self.seed, self.sides.made);
    }

    fn batch(&mut self, client: usize) {
        let len = match self.requests.draw.u8(..4) {
            0 => 1,
            1 => self.requests.draw.usize(2..10),
            _ => self.requests.draw.usize(10..80),
        };
        let mut batch: Vec<Asked> = Vec::with_capacity(len);
        for _ in 0..len {
            batch.push(self.requests.next());
        }
        self.sides.run(client, &batch);
    }
}

/// The seed is always the same, so that what passes once passes everywhere.
fn seed() -> u64 {
    match std::env::var("TIDEGATE_DIFFERENTIAL_SEED") {
        Ok(word) if word == "random" => fastrand::u64(..1 << 32),
        Ok(number) => number.parse().unwrap(),
        Err(_) => 20_261_130,
    }
}
