//! Tells the master which keys are read at its replicas, so that its eviction spares them: TOUCH of
//! sampled keys, over a connection that no client waits for.
//!
//! At most one TOUCH per tick and database, no more keys than [`crate::topology::TouchBudget`]
//! grants, and nothing while the last ones are unanswered. A failed TOUCH is not sent again: keys
//! that are read all the time are sampled again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::samples::Samples;
use crate::backend::{Connection, ConnectionKey, Event, Inbox, Pool, Ticket};
use crate::config::{Config, TouchMaster};
use crate::topology::{Backend, Shard};
use tidegate_wire::resp::{encode, integer};

/// How long the worker sends no TOUCH after the master refused one.
const REST: Duration = Duration::from_secs(60);

/// One worker's samples and their connection.
#[derive(Debug, Default)]
pub(crate) struct Toucher {
    pub(crate) samples: Samples,
    inbox: Rc<Inbox>,
    lease: RefCell<Option<Rc<Connection>>>,
    /// The database that the connection has selected.
    db: Cell<u32>,
    rests_until: Cell<Option<Instant>>,
}

/// Whether keys that are read at replicas are touched at the master.
pub(crate) fn is_wanted(config: &Config, shard: &Shard) -> bool {
    match config.reads.touch_master {
        TouchMaster::Off => false,
        TouchMaster::On => shard.replicas().next().is_some(),
        TouchMaster::Auto => shard.eviction.is_some() && shard.replicas().next().is_some(),
    }
}

impl Toucher {
    /// Sends what was sampled since the last tick; how many keys were touched.
    pub(crate) fn tick(
        &self,
        (pool, key): (&mut Pool, ConnectionKey),
        shard: &Shard,
        config: &Config,
        now: Instant,
    ) -> u64 {
        let is_on = is_wanted(config, shard);
        self.samples.turn(is_on);
        self.settle(now);
        let master = shard.master().filter(|_| is_on);
        self.let_go_unless(pool, master, now);
        self.samples.adapt();
        let is_resting = self.rests_until.get().is_some_and(|until| now < until);
        let Some(master) = master.filter(|_| !is_resting && self.samples.len() > 0) else {
            return 0;
        };
        if !self.inbox.replies().is_settled() {
            return 0;
        }
        let wanted = u64::try_from(self.samples.len()).unwrap_or(u64::MAX);
        let granted = master.health.touches.take(wanted);
        if granted == 0 {
            return 0;
        }
        let lease = self.lease((pool, key), master);
        self.send(&lease, usize::try_from(granted).unwrap_or(usize::MAX), now)
    }

    fn send(&self, lease: &Connection, most: usize, now: Instant) -> u64 {
        let (mut bytes, mut words, mut commands, mut keys) = (Vec::new(), Vec::new(), 0_u32, 0);
        let mut db = self.db.get();
        let touch = |words: &mut Vec<Vec<u8>>, bytes: &mut Vec<u8>| {
            if words.is_empty() {
                return 0;
            }
            words.insert(0, b"TOUCH".to_vec());
            encode::request(bytes, words.iter());
            words.clear();
            1
        };
        self.samples.drain(most, |of, key| {
            if of != db {
                commands += touch(&mut words, &mut bytes);
                bytes.extend(encode::request_of(&[b"SELECT", &integer::text(of)]));
                commands += 1;
                db = of;
            }
            words.push(key.to_vec());
            keys += 1;
        });
        commands += touch(&mut words, &mut bytes);
        self.db.set(db);
        let first = self.inbox.replies().open(commands, false);
        let mut ticket = Ticket::new(Rc::clone(&self.inbox), first, commands, bytes.len(), now);
        ticket.whole = true;
        lease.send(&bytes, ticket);
        keys
    }

    /// Takes the replies.
    fn settle(&self, now: Instant) {
        self.inbox.looked();
        for event in self.inbox.take_events() {
            match event {
                Event::Whole(whole) => {
                    if let Some(error) = whole.frame.strip_prefix(b"-") {
                        let error = String::from_utf8_lossy(error.trim_ascii_end()).into_owned();
                        tracing::warn!("reads.touch-master: the master refused TOUCH: {error}");
                        self.rests_until.set(Some(now + REST));
                    }
                    self.inbox.deliver(whole.seq, 1, &[]);
                }
                Event::Failed(failed) => self.inbox.deliver(failed.seq, 1, &[]),
                _ => {}
            }
        }
    }

    fn lease(&self, (pool, key): (&mut Pool, ConnectionKey), master: &Backend) -> Rc<Connection> {
        let mut lease = self.lease.borrow_mut();
        if let Some(lease) = &*lease {
            return Rc::clone(lease);
        }
        let new = pool.lease(master, key, &self.inbox);
        // It selects databases: no session can have it afterwards.
        new.taint();
        self.db.set(0);
        *lease = Some(Rc::clone(&new));
        new
    }

    /// Gives up the connection if it is closed, has a former login, or leads to another server than
    /// `master`.
    fn let_go_unless(&self, pool: &mut Pool, master: Option<&Backend>, now: Instant) {
        let is_good = |lease: &Connection| {
            lease.takes_more() && master.is_some_and(|master| master.id == lease.backend)
        };
        let lease = self.lease.borrow_mut().take_if(|lease| !is_good(lease));
        if let Some(lease) = lease {
            pool.release(&lease, now);
            self.settle(now);
        }
    }
}
