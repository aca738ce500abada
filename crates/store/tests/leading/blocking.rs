//! Clients that block, at a real server and at the store: each gets the same reply at the same
//! command, and the stream is the same.

use super::follower::Led;
use super::leader::Leader;
use super::observed::{Agreement, Observed};
use super::run::seed;
use super::stream::Command;
use crate::support::{Flavor, Wire, eventually::PATIENCE};
use crate::workload::{Request, WaitingRequests, show};
use tidegate_store::{Executed, Waiters};

const CLIENTS: usize = 6;
const ROUNDS: usize = 3000;

/// A client of the server; in the store it is a number.
#[derive(Debug)]
struct Client {
    wire: Wire,
    waits: bool,
}

/// Both sides, and the source of requests.
#[derive(Debug)]
struct Both {
    leader: Leader,
    led: Led,
    waiters: Waiters,
    clients: Vec<Client>,
    requests: WaitingRequests,
    history: Vec<String>,
    /// The replies that waiting clients have to get.
    expected: Vec<(usize, Vec<u8>)>,
}

pub fn clients_are_served_as_by(flavor: Flavor) {
    let seed = seed();
    let leader = Leader::start(flavor);
    let client = |_| Client { wire: leader.server.wire(), waits: false };
    let clients = (0..CLIENTS).map(client).collect();
    let requests = WaitingRequests::new(seed);
    let (waiters, expected) = (Waiters::default(), Vec::new());
    let history = vec![format!("seed {seed}")];
    let led = Led::new(flavor);
    let mut both = Both { leader, led, waiters, clients, requests, history, expected };
    for _ in 0..ROUNDS {
        both.round();
    }
}

impl Both {
    fn round(&mut self) {
        for number in 0..CLIENTS {
            if !self.clients[number].waits && self.requests.draw.bool() {
                let request = self.requests.blocking();
                self.ask(number, &request);
            }
        }
        let count =
            if self.requests.draw.u8(..4) == 0 { 2 + self.requests.draw.usize(..2) } else { 1 };
        let requests: Vec<_> = (0..count).map(|_| self.requests.trigger()).collect();
        self.change(&requests);
    }

    /// Lets a client ask, at both sides.
    fn ask(&mut self, number: usize, request: &Request) {
        self.history.push(format!("client {number}: {}", show(request)));
        let (executed, mut ours) = self.led.ask(request, now_ms());
        self.clients[number].wire.send(request);
        match executed {
            Executed::Waits(wait) => {
                self.clients[number].waits = true;
                self.waiters.add(number as u64, wait);
                self.wait_blocked();
            }
            Executed::Done(_) => {
                let reply = self.clients[number].wire.read_raw_reply();
                self.same(&format!("reply to client {number}"), &reply, &ours.reply);
                self.led.note(&mut self.waiters);
                ours.commands.extend(self.serve());
            }
        }
        let theirs = self.leader.run(&[b"PING".to_vec()]).seen.commands;
        self.settle();
        self.same_stream(theirs, ours.commands);
    }

    /// Runs a request, or several as a transaction, at both sides.
    fn change(&mut self, requests: &[Request]) {
        let text: Vec<_> = requests.iter().map(|it| show(it)).collect();
        self.history.push(text.join(" ; "));
        let mut commands = Vec::new();
        for request in requests {
            let ours = self.led.run(0, now_ms(), request);
            self.led.note(&mut self.waiters);
            let bare = ours.commands.into_iter();
            commands.extend(bare.filter(|it| it.words[0] != b"MULTI" && it.words[0] != b"EXEC"));
        }
        if commands.len() > 1 {
            let bracket = |word: &[u8]| Command { db: 0, words: vec![word.to_vec()] };
            commands.insert(0, bracket(b"MULTI"));
            commands.push(bracket(b"EXEC"));
        }
        commands.extend(self.serve());
        let mut theirs = self.leader.run_all(requests);
        theirs.extend(self.leader.run(&[b"PING".to_vec()]).seen.commands);
        self.settle();
        self.same_stream(theirs, commands);
    }

    /// Serves clients of the store, and compares what they get. Returns the commands of the stream.
    fn serve(&mut self) -> Vec<Command> {
        let (served, commands) = self.led.serve(&mut self.waiters, now_ms());
        let numbers: Vec<_> = served.iter().map(|(client, _)| *client).collect();
        self.history.push(format!("  the store serves {numbers:?}"));
        self.expected.extend(served);
        commands
    }

    /// Compares what the server's clients got.
    fn settle(&mut self) {
        for (number, ours) in std::mem::take(&mut self.expected) {
            self.clients[number].waits = false;
            let theirs = self.clients[number].wire.try_read_raw_reply();
            let theirs = theirs.unwrap_or_else(|error| error.to_string().into_bytes());
            self.same(&format!("reply to waiting client {number}"), &theirs, &ours);
        }
        self.wait_blocked();
    }

    /// Waits until as many clients wait at the server as at the store.
    fn wait_blocked(&self) {
        let wanted = self.waiters.len().to_string();
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let info = self.leader.server.info("clients");
            let blocked = info.get("blocked_clients").unwrap_or_default();
            if blocked == wanted {
                return;
            }
            let in_time = std::time::Instant::now() < deadline;
            assert!(in_time, "{blocked} blocked, not {wanted}\n{}", self.told());
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }

    fn same_stream(&self, mut theirs: Vec<Command>, mut ours: Vec<Command>) {
        // Redis 7.0 writes the ends of a list in lower case where it serves a waiting client.
        for command in theirs.iter_mut().chain(&mut ours).filter(|it| it.words[0] == b"LMOVE") {
            command.words.iter_mut().skip(3).for_each(|word| word.make_ascii_uppercase());
        }
        let server = Observed { commands: theirs, ..Observed::default() };
        let store = Observed { commands: ours, ..Observed::default() };
        let agree = server.streams_agree(&store) != Agreement::Different;
        assert!(agree, "stream\nserver:\n{server}store:\n{store}{}", self.told());
    }

    fn same(&self, what: &str, theirs: &[u8], ours: &[u8]) {
        let (theirs, ours) = (theirs.escape_ascii(), ours.escape_ascii());
        let (theirs, ours) = (theirs.to_string(), ours.to_string());
        assert!(theirs == ours, "{what}\nserver: {theirs}\nstore:  {ours}\n{}", self.told());
    }

    fn told(&self) -> String {
        let last = self.history.len().saturating_sub(40);
        format!("{}\n{}", self.history[0], self.history[last..].join("\n"))
    }
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}
