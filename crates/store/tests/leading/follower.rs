//! The store, as a master that gets the server's requests.

use super::observed::{Event, Observed};
use super::stream::Command;
use crate::support::Flavor;
use crate::workload::Request;
use tidegate_store::{
    CallContext, Change, Dialect, Effects, EventClasses, Executed, Outcome, Store, Vendor, Waiters,
    Wanted,
};
use tidegate_wire::resp::RespVersion;

#[derive(Debug)]
pub struct Led {
    pub store: Store,
    effects: Effects,
}

impl Led {
    pub fn new(flavor: Flavor) -> Self {
        let (vendor, version) = match flavor {
            Flavor::Redis62 => (Vendor::Redis, "6.2.0"),
            Flavor::Redis70 => (Vendor::Redis, "7.0.15"),
            Flavor::Redis82 => (Vendor::Redis, "8.2.0"),
            Flavor::Valkey91 => (Vendor::Valkey, "9.1.0"),
        };
        let events = EventClasses::of(b"Amnoc").unwrap();
        let wanted = Wanted { events, changes: true, ready: true };
        let store = Store::new(16, Dialect::new(vendor, version), 7);
        Self { store, effects: Effects::new(wanted) }
    }

    /// Runs a client's request.
    pub fn run(&mut self, db: usize, now_ms: i64, request: &Request) -> Observed {
        let words: Vec<&[u8]> = request.iter().map(Vec::as_slice).collect();
        let (mut reply, effects) = (Vec::new(), &mut self.effects);
        effects.clear();
        let context = CallContext { db, now_ms, version: RespVersion::V2 };
        let outcome = self.store.execute(context, &words, &mut reply, effects);
        assert_ne!(outcome, Outcome::Unknown, "{}", crate::workload::show(request));
        let commands = commands(effects, &words);
        let event = |it: tidegate_store::KeyspaceEvent<'_>| Event {
            db: it.db,
            name: it.name.to_owned(),
            key: it.key.to_vec(),
        };
        let changed = effects.changes().filter_map(|change| match change {
            Change::Key { db, key } => Some((db, key.to_vec())),
            _ => None,
        });
        let (events, changed) = (effects.events().map(event).collect(), changed.collect());
        Observed { reply, commands, events, changed }
    }

    /// Runs a request of a client that may wait.
    pub fn ask(&mut self, request: &Request, now_ms: i64) -> (Executed, Observed) {
        let words: Vec<&[u8]> = request.iter().map(Vec::as_slice).collect();
        let mut reply = Vec::new();
        self.effects.clear();
        let context = CallContext { db: 0, now_ms, version: RespVersion::V2 };
        let executed = self.store.execute_or_wait(context, &words, &mut reply, &mut self.effects);
        let commands = commands(&self.effects, &words);
        (executed, Observed { reply, commands, ..Observed::default() })
    }

    /// Tells the clients that wait of the last request's effects.
    pub fn note(&self, waiters: &mut Waiters) {
        waiters.note(&self.effects);
    }

    /// Serves clients. Returns them with their replies, and the commands of the stream.
    pub fn serve(
        &mut self,
        waiters: &mut Waiters,
        now_ms: i64,
    ) -> (Vec<(usize, Vec<u8>)>, Vec<Command>) {
        let (mut replies, mut all) = (Vec::new(), Vec::new());
        self.effects.clear();
        waiters.serve(&mut self.store, now_ms, &mut self.effects, |served| {
            let client = usize::try_from(served.client).unwrap();
            replies.extend(served.reply.map(|reply| (client, reply.to_vec())));
            all.extend(commands(served.effects, served.request));
        });
        (replies, all)
    }

    /// Applies commands of the server's stream.
    pub fn follow(&mut self, commands: &[Command], now_ms: i64) {
        for command in commands {
            let mut words: Vec<&[u8]> = command.words.iter().map(Vec::as_slice).collect();
            // A condition that held before the store did the same need not hold afterwards.
            let condition = words.get(3).is_some_and(|word| word.len() == 2);
            if words[0].ends_with(b"PEXPIREAT") && condition {
                words.remove(3);
            }
            if words[0] == b"MULTI" || words[0] == b"EXEC" {
                continue;
            }
            let context = CallContext { db: command.db, now_ms, version: RespVersion::V2 };
            let outcome = self.store.apply(context, &words, &mut Vec::new());
            assert_eq!(outcome, Outcome::Replied, "{}", crate::workload::show(&command.words));
        }
    }

    /// Returns the reply to a request that only reads.
    pub fn read(&self, db: usize, now_ms: i64, request: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        let context = CallContext { db, now_ms, version: RespVersion::V2 };
        self.store.read(context, request, &mut out);
        out
    }
}

/// Returns the commands of the stream, between MULTI and EXEC if they belong together.
fn commands(effects: &Effects, request: &[&[u8]]) -> Vec<Command> {
    let command = |db: usize, words: Vec<Vec<u8>>| Command { db, words };
    let mut commands: Vec<_> = effects
        .commands()
        .map(|it| command(it.db, it.words(request).map(<[u8]>::to_vec).collect()))
        .collect();
    if effects.is_transaction() {
        // MULTI and EXEC carry no SELECT.
        let (first, last) = (commands[0].db, commands[commands.len() - 1].db);
        commands.insert(0, command(first, vec![b"MULTI".to_vec()]));
        commands.push(command(last, vec![b"EXEC".to_vec()]));
    }
    commands
}
