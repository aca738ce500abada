//! All clients that wait, and the order in which they are served (`handleClientsBlockedOnKeys`): the
//! key that became ready first, and of its clients the one that waited first.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::wait::{Wait, is_null};
use crate::call::{CallContext, Change, CommandError, Effects, Outcome};
use crate::store::Store;

/// A database and a key.
type Place = (usize, Box<[u8]>);

const GROUP_GONE: CommandError =
    CommandError::new("NOGROUP the consumer group this client was blocked on no longer exists");
const STREAM_GONE: CommandError = CommandError::new("UNBLOCKED the stream key no longer exists");

/// The clients that wait. The caller names each by a number of its own.
///
/// After each request, or transaction, the caller calls [`Self::note`] with its effects, for which
/// [`crate::Wanted::ready`] and [`crate::Wanted::changes`] have to be recorded, and then
/// [`Self::serve`].
#[derive(Debug, Default)]
pub struct Waiters {
    clients: HashMap<u64, Wait>,
    /// The clients of each key, the first one that waited first.
    by_key: BTreeMap<Place, VecDeque<u64>>,
    /// The keys that may serve clients, in the order in which they became ready.
    ready: VecDeque<Place>,
}

/// What was done for a client that waited.
#[derive(Debug)]
pub struct Served<'a> {
    /// The client.
    pub client: u64,
    /// The reply; `None` if the client goes on waiting, and there are only effects.
    pub reply: Option<&'a [u8]>,
    /// What the client waited for.
    pub wait: &'a Wait,
    /// The request that was run for the client, to which verbatim commands of the effects refer.
    pub request: &'a [&'a [u8]],
    /// The effects of serving it.
    pub effects: &'a Effects,
}

impl Waiters {
    /// Lets a client wait. A client waits for one thing at a time.
    pub fn add(&mut self, client: u64, wait: Wait) {
        self.remove(client);
        for key in wait.keys() {
            let queue = self.by_key.entry((wait.db, key.into())).or_default();
            if !queue.contains(&client) {
                queue.push_back(client);
            }
        }
        self.clients.insert(client, wait);
    }

    /// Ends the wait of a client: its time is up, or it is gone. Returns what it waited for.
    pub fn remove(&mut self, client: u64) -> Option<Wait> {
        let wait = self.clients.remove(&client)?;
        for key in wait.keys() {
            let place = (wait.db, key.into());
            if let Some(queue) = self.by_key.get_mut(&place) {
                queue.retain(|other| *other != client);
                if queue.is_empty() {
                    self.by_key.remove(&place);
                }
            }
        }
        Some(wait)
    }

    /// The number of clients that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.clients.len()
    }

    /// Whether no client waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// The number of keys for which clients wait.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.by_key.len()
    }

    /// Notes the keys that may serve clients after these effects.
    pub fn note(&mut self, effects: &Effects) {
        if self.by_key.is_empty() {
            return;
        }
        for (db, key) in effects.ready() {
            self.be_ready((db, key.into()));
        }
        // A stream that is gone concerns the members of its groups.
        for change in effects.changes() {
            match change {
                Change::Key { db, key } => {
                    let place = (db, key.into());
                    if self.has_group(&place) {
                        self.be_ready(place);
                    }
                }
                Change::Database(db) => {
                    self.all_ready(|waiters, it| it.0 == db && waiters.has_group(it))
                }
                Change::All => self.all_ready(Self::has_group),
                Change::Swap(one, other) => self.all_ready(|_, it| it.0 == one || it.0 == other),
            }
        }
    }

    /// Makes all keys ready that are wanted.
    fn all_ready(&mut self, is_wanted: impl Fn(&Self, &Place) -> bool) {
        let places: Vec<_> = self.by_key.keys().filter(|it| is_wanted(self, it)).cloned().collect();
        places.into_iter().for_each(|place| self.be_ready(place));
    }

    fn has_group(&self, place: &Place) -> bool {
        let clients = self.by_key.get(place).into_iter().flatten();
        clients.filter_map(|client| self.clients.get(client)).any(Wait::is_grouped)
    }

    fn be_ready(&mut self, place: Place) {
        if self.by_key.contains_key(&place) && !self.ready.contains(&place) {
            self.ready.push_back(place);
        }
    }

    /// Serves clients until no key that is ready can serve one. Each is served as by a command of
    /// its own. Serving one may make another key ready (BLMOVE). `effects` is the record that `each`
    /// gets, empty before and after the call.
    pub fn serve(
        &mut self,
        store: &mut Store,
        now_ms: i64,
        effects: &mut Effects,
        mut each: impl FnMut(Served<'_>),
    ) {
        let mut out = Vec::new();
        while let Some(place) = self.ready.pop_front() {
            let clients: Vec<u64> =
                self.by_key.get(&place).into_iter().flatten().copied().collect();
            for client in clients {
                let Some(wait) = self.clients.get(&client) else { continue };
                let context = CallContext { db: place.0, now_ms, version: wait.version };
                let holds = store.awaited(context, &place.1) == Some(wait.awaited);
                if !wait.is_grouped() && !holds {
                    continue;
                }
                out.clear();
                effects.clear();
                // Before Redis 7.2 the key that is ready serves the client; since then the request
                // is run again as a whole.
                let is_old = !store.dialect().runs_blocked_requests_again();
                let request = wait.request(is_old.then_some(&place.1));
                let outcome = store.execute(context, &request, &mut out, effects);
                if outcome == Outcome::Replied && is_null(&out) {
                    if !effects.is_empty() {
                        each(Served { client, reply: None, wait, request: &request, effects });
                    }
                    continue;
                }
                if is_old && wait.is_grouped() && outcome == Outcome::Refused {
                    out.clear();
                    if holds { GROUP_GONE } else { STREAM_GONE }.write(&mut out);
                }
                each(Served { client, reply: Some(&out), wait, request: &request, effects });
                self.remove(client);
                self.note(effects);
            }
        }
        effects.clear();
    }
}
