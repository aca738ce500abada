//! A master at work: it executes the commands of its clients, and writes down what follows from
//! them. It knows no socket and no clock.

use super::aftermath::Aftermath;
use super::notifications::Notifications;
use super::sent::Sent;
use super::watchers::Touched;
use crate::engine::state::{Hub, Locked};
use tidegate_store::{CallContext, Effects, Executed, Outcome, Store, Wait, Waiters, Wanted};

/// What a client that waited gets: its id and its reply.
pub(in crate::engine) type Delivery = (u64, Vec<u8>);

/// A master at work. All its clients run on one thread, which owns this value.
///
/// Each request, or transaction, is a unit: [`Self::end`] ends it. [`Self::commit`] hands the stream
/// on before the lock of the store is released.
#[derive(Debug, Default)]
pub(in crate::engine) struct Lead {
    /// The effects of the command that ran last.
    effects: Effects,
    /// What follows from effects.
    aftermath: Aftermath,
    /// The clients that wait for keys.
    waiters: Waiters,
    /// The client whose command runs.
    client: Option<u64>,
    /// How many keys and fields have expired.
    expired: u64,
    /// How many keys were evicted.
    evicted: u64,
}

impl Lead {
    /// Changes which keyspace events are published.
    pub(in crate::engine) fn notify(&mut self, notifications: Notifications) {
        self.aftermath.notifications = notifications;
    }

    /// Sets the client whose commands run from now on (`server.current_client`).
    pub(in crate::engine) fn act_for(&mut self, client: Option<u64>) {
        self.client = client;
    }

    /// Adds a client that watches a key.
    pub(in crate::engine) fn watch(&mut self, key: (usize, &[u8]), is_there: bool, by: &Touched) {
        self.aftermath.watchers.add(key, is_there, by);
    }

    /// Begins a stream of its own, after a change of the role. The clients that waited for keys wait
    /// no more.
    pub(in crate::engine) fn restart(&mut self) {
        self.aftermath.stream.restart();
        self.waiters = Waiters::default();
    }

    /// Runs a command.
    pub(in crate::engine) fn execute(
        &mut self,
        (store, hub): (&mut Store, &Hub),
        context: CallContext,
        request: Sent<'_>,
        out: &mut Vec<u8>,
    ) -> Outcome {
        self.begin(hub);
        let outcome = store.execute(context, request.words, out, &mut self.effects);
        self.note(hub, request);
        outcome
    }

    /// As [`Self::execute`], for a command that may block: where it finds nothing, the client
    /// waits, and gets its reply from [`Self::serve`].
    pub(in crate::engine) fn execute_or_wait(
        &mut self,
        (store, hub): (&mut Store, &Hub),
        context: CallContext,
        (client, request): (u64, Sent<'_>),
        out: &mut Vec<u8>,
    ) -> Asked {
        self.begin(hub);
        let executed = store.execute_or_wait(context, request.words, out, &mut self.effects);
        self.note(hub, request);
        match executed {
            Executed::Done(outcome) => Asked::Done(outcome),
            Executed::Waits(wait) => {
                let asked = Asked::Waits { timeout_ms: wait.timeout_ms, bytes: wait.bytes() };
                self.waiters.add(client, wait);
                asked
            }
        }
    }

    /// Returns what has to be recorded of a command that runs elsewhere.
    pub(in crate::engine) fn wanted(&self, hub: &Hub) -> Wanted {
        let ready = !self.waiters.is_empty();
        let changes = ready || !self.aftermath.watchers.is_empty() || hub.tracking.is_active();
        Wanted { events: self.aftermath.notifications.classes, changes, ready }
    }

    /// Notes what a command did that ran elsewhere. The stream gets it if `is_replicated`.
    pub(in crate::engine) fn note_made(
        &mut self,
        hub: &Hub,
        effects: &Effects,
        request: &[&[u8]],
        is_replicated: bool,
    ) {
        self.expired += effects.expired();
        self.waiters.note(effects);
        if is_replicated {
            self.aftermath.replicate(effects, request.into());
        }
        self.aftermath.tell(hub, effects, self.client);
    }

    /// Adds a command to the stream that changes no data.
    pub(in crate::engine) fn replicate(&mut self, db: usize, words: &[&[u8]]) {
        self.aftermath.stream.add(db, words.iter().copied());
    }

    /// As [`Self::replicate`], for a command that concerns no database (`PING`, `REPLCONF`).
    pub(in crate::engine) fn replicate_anywhere(&mut self, words: &[&[u8]]) {
        self.aftermath.stream.add_anywhere(words.iter().copied());
    }

    /// Asks the replicas how far they are, once they have what is in the stream now
    /// (`replicationRequestAckFromSlaves`).
    pub(in crate::engine) fn ask_for_acks(&mut self) {
        self.replicate_anywhere(&[b"REPLCONF", b"GETACK", b"*"]);
    }

    /// Ends the unit under way.
    pub(in crate::engine) fn end(&mut self) {
        self.aftermath.stream.end_unit();
    }

    /// Whether a client waits for keys.
    pub(in crate::engine) fn has_waiters(&self) -> bool {
        !self.waiters.is_empty()
    }

    /// Serves the clients that wait for keys which have become ready. Each is a unit. `now_ms` is asked
    /// only if a client waits.
    pub(in crate::engine) fn serve(
        &mut self,
        (store, hub): (&mut Store, &Hub),
        now_ms: impl FnOnce() -> i64,
    ) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        if self.waiters.is_empty() {
            return deliveries;
        }
        self.begin(hub);
        let Self { effects, aftermath, waiters, expired, .. } = self;
        waiters.serve(store, now_ms(), effects, |served| {
            aftermath.take_unit(hub, served.effects, (served.request.into(), Some(served.client)));
            *expired += served.effects.expired();
            if let Some(reply) = served.reply {
                deliveries.push((served.client, reply.to_vec()));
            }
        });
        deliveries
    }

    /// Ends the wait of a client. Returns what it waited for.
    pub(in crate::engine) fn stop_waiting(&mut self, client: u64) -> Option<Wait> {
        self.waiters.remove(client)
    }

    /// The number of bytes of the stream that are not handed on yet.
    pub(in crate::engine) fn uncommitted(&self) -> u64 {
        self.aftermath.stream.len() as u64
    }

    /// Hands the stream on, which belongs to the data in `store`.
    pub(in crate::engine) fn commit(&mut self, store: &Locked<'_>) {
        if self.aftermath.stream.len() > 0 {
            self.aftermath.stream.end_unit();
            store.commit(self.aftermath.stream.bytes(), self.aftermath.stream.db());
            self.aftermath.stream.clear();
        }
    }

    /// Removes expired keys, about `budget` of them at most. Returns whether there are more.
    pub(in crate::engine) fn expire(
        &mut self,
        (store, hub): (&mut Store, &Hub),
        now_ms: i64,
        budget: usize,
    ) -> bool {
        self.begin(hub);
        let Self { effects, aftermath, waiters, .. } = self;
        let done = store.expire_cycle(now_ms, budget, effects, |effects| {
            aftermath.take_unit(hub, effects, (Sent::default(), None));
            waiters.note(effects);
        });
        self.expired += done.removed as u64;
        done.is_behind
    }

    /// Evicts keys until about `bytes` are free. Returns about how many bytes that has freed, and
    /// whether there is no key left to evict.
    pub(in crate::engine) fn evict(
        &mut self,
        (store, hub): (&mut Store, &Hub),
        now_ms: i64,
        bytes: usize,
    ) -> (usize, bool) {
        self.begin(hub);
        let Self { effects, aftermath, waiters, .. } = self;
        let done = store.evict(now_ms, bytes, effects, |effects| {
            aftermath.take_unit(hub, effects, (Sent::default(), None));
            waiters.note(effects);
        });
        self.evicted += done.keys as u64;
        (done.bytes, done.is_exhausted)
    }

    /// How many keys and fields have expired, and how many keys were evicted.
    pub(in crate::engine) fn removed(&self) -> (u64, u64) {
        (self.expired, self.evicted)
    }

    fn begin(&mut self, hub: &Hub) {
        self.effects.clear();
        self.effects.want(self.wanted(hub));
    }

    /// Notes what the command that ran last has done beside its reply.
    fn note(&mut self, hub: &Hub, request: Sent<'_>) {
        self.expired += self.effects.expired();
        if self.effects.is_empty() {
            return;
        }
        let Self { effects, aftermath, waiters, client, .. } = self;
        waiters.note(effects);
        aftermath.take(hub, effects, (request, *client));
    }
}

/// What became of a command that may block.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) enum Asked {
    /// It was answered.
    Done(Outcome),
    /// The client waits, for so many milliseconds; the wait takes so many bytes.
    Waits {
        /// How long; `None` is for ever.
        timeout_ms: Option<u64>,
        /// The bytes of the request.
        bytes: usize,
    },
}
