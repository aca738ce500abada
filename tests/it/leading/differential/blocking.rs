//! Clients that wait for keys, at both sides: the same ones wait, and the same ones are served at
//! the same request, with the same reply.

use std::collections::BTreeMap;
use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use super::requests::Asked;
use super::sides::{Side, Sides};
use crate::leading::workload::{Compare, Request, WaitingRequests, show};
use crate::support::*;

/// The database of these requests: the others' is another one.
const DATABASE: &str = "15";

/// The clients that wait, and where their requests come from.
#[derive(Debug)]
pub struct Waiting {
    /// The first one changes the keys that the others wait for.
    clients: Range<usize>,
    requests: WaitingRequests,
    /// What each waits for.
    blocked: BTreeMap<usize, Request>,
    is_ready: bool,
}

impl Waiting {
    pub fn new(clients: Range<usize>, seed: u64) -> Self {
        let requests = WaitingRequests::new(seed);
        Self { clients, requests, blocked: BTreeMap::new(), is_ready: false }
    }

    /// Lets clients wait, and serves them, so many times; then all go on.
    pub fn rounds(&mut self, sides: &mut Sides, count: usize) {
        if !self.is_ready {
            self.is_ready = true;
            for client in self.clients.clone() {
                sides.run(client, &[exact(&["SELECT", DATABASE])]);
            }
        }
        for _ in 0..count {
            for client in self.clients.clone().skip(1) {
                if !self.blocked.contains_key(&client) && self.requests.draw.bool() {
                    self.ask(sides, client);
                }
            }
            self.change(sides);
            if !sides.differences.is_empty() {
                return;
            }
        }
        self.unblock(sides);
    }

    fn ask(&mut self, sides: &mut Sides, client: usize) {
        let request = self.requests.blocking();
        sides.made += 1;
        sides.remember(format!("{:>8} client {client}: {}", sides.made, show(&request)));
        sides.server.clients[client].send(&request);
        sides.engine.clients[client].send(&request);
        let waits = |side: &mut Side, before: usize| {
            eventually(PATIENCE, || match (has_reply(&side.clients[client]), side.blocked()) {
                (true, _) => Ok(false),
                (false, blocked) if blocked > before => Ok(true),
                (false, blocked) => Err(format!("{blocked} blocked")),
            })
        };
        let before = self.blocked.len();
        if waits(&mut sides.server, before) {
            self.blocked.insert(client, request);
            self.same_blocked(sides);
        } else {
            Self::compare(sides, client, &request);
            self.settle(sides);
        }
    }

    /// Runs requests that may serve clients, some as a transaction.
    fn change(&mut self, sides: &mut Sides) {
        let draw = &mut self.requests.draw;
        let count = if draw.u8(..4) == 0 { 2 + draw.usize(..2) } else { 1 };
        let mut asked: Vec<_> = (0..count)
            .map(|_| Asked { request: self.requests.trigger(), compare: Compare::Exact })
            .collect();
        if count > 1 {
            asked.insert(0, exact(&["MULTI"]));
            asked.push(exact(&["EXEC"]));
        }
        sides.run(self.clients.start, &asked);
        self.settle(sides);
    }

    /// Compares what clients got that were served.
    fn settle(&mut self, sides: &mut Sides) {
        let left = sides.server.blocked();
        let deadline = Instant::now() + PATIENCE;
        while self.blocked.len() > left && Instant::now() < deadline {
            let is_served = |client: &usize| has_reply(&sides.server.clients[*client]);
            let Some(client) = self.blocked.keys().copied().find(is_served) else { continue };
            let request = self.blocked.remove(&client).unwrap();
            Self::compare(sides, client, &request);
        }
        assert_eq!(self.blocked.len(), left, "clients that wait\n{}", sides.last(30));
        self.same_blocked(sides);
    }

    fn compare(sides: &mut Sides, client: usize, request: &Request) {
        let theirs = sides.server.clients[client].read_raw_reply();
        let wire = &mut sides.engine.clients[client];
        wire.set_timeout(Duration::from_secs(20));
        let ours = wire.try_read_raw_reply();
        let ours = ours.unwrap_or_else(|error| error.to_string().into_bytes());
        if theirs != ours {
            sides.tell(request, &theirs, &ours);
        }
    }

    /// Waits until as many clients wait at the engine as at the server.
    fn same_blocked(&self, sides: &mut Sides) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while sides.engine.blocked() != self.blocked.len() {
            if Instant::now() > deadline {
                let text = format!("{} clients wait", self.blocked.len());
                let ours = format!("{} clients wait", sides.engine.blocked());
                return sides.tell(&[], text.as_bytes(), ours.as_bytes());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends the waits with CLIENT UNBLOCK.
    fn unblock(&mut self, sides: &mut Sides) {
        for (client, request) in std::mem::take(&mut self.blocked) {
            let how = if self.requests.draw.bool() { "ERROR" } else { "TIMEOUT" };
            for side in [&mut sides.server, &mut sides.engine] {
                let id = side.ids[client].to_string();
                assert_eq!(side.control.cmd(&["CLIENT", "UNBLOCK", &id, how]).int(), 1);
            }
            Self::compare(sides, client, &request);
        }
        self.same_blocked(sides);
    }
}

fn exact(words: &[&str]) -> Asked {
    let request = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    Asked { request, compare: Compare::Exact }
}

/// Whether something has arrived.
fn has_reply(wire: &Wire) -> bool {
    wire.stream().set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    wire.stream().peek(&mut [0]).is_ok_and(|len| len > 0)
}
