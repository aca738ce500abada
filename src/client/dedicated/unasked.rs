//! Sessions to which a server talks unasked: Pub/Sub, MONITOR, invalidations.

use super::lease::Passage;
use crate::backend::{Connection, Relay};
use crate::client::client::Client;
use crate::client::planning::dispatch::{Next, Request};
use crate::client::planning::outcome;
use crate::client::reading::batch::Batch;
use crate::routing::Target;
use crate::session::ReplyMode;
use crate::session::replies::Sequence;
use tidegate_wire::command::Subscription;
use tidegate_wire::resp::{Args, encode};

/// A SUBSCRIBE or its like that is under way.
#[derive(Debug)]
pub(in crate::client) struct Subscribing {
    seq: Sequence,
    kind: Subscription,
    /// The names that the session did not have before.
    new: Vec<Box<[u8]>>,
}

impl Client {
    /// (P|S)SUBSCRIBE and (P|S)UNSUBSCRIBE.
    pub(in crate::client) fn subscribe(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        kind: Subscription,
        adds: bool,
    ) -> Next {
        batch.flush(&self.inbox);
        let lease = match self.lease(batch, Target::Master) {
            Ok(lease) => lease,
            Err(error) => {
                let text = outcome::no_route(error, batch.topology.sole_shard());
                return self.error(batch, request.shown, &text);
            }
        };
        let names = Args::new(request.frame).skip(1);
        let is_wrong = adds && request.argc < 2;
        let (replies, new) = if is_wrong {
            (1, Vec::new())
        } else if adds {
            self.session.subscriptions.subscribe(kind, names)
        } else {
            (self.session.subscriptions.unsubscribe(kind, names), Vec::new())
        };
        lease.set_relay(Relay::of(self.session.version));
        // Confirmations come whatever CLIENT REPLY says, errors do not.
        let comes = !is_wrong && batch.topology.sole_shard().server.confirms_despite_reply_off();
        let quiet = !request.shown;
        let passage = Passage { replies, quiet, ..Passage::plain(comes || request.shown) };
        let seq = self.send_leased(&lease, request.frame, passage, batch);
        if !new.is_empty() {
            self.subscribing.push(Subscribing { seq, kind, new });
        }
        Next::Done
    }

    /// The server said no (a user without the right, a version without the command): nothing
    /// was subscribed to.
    pub(in crate::client) fn subscription_denied(&mut self, seq: Sequence) {
        if let Some(at) = self.subscribing.iter().position(|request| request.seq == seq) {
            let Subscribing { kind, new, .. } = self.subscribing.swap_remove(at);
            if !new.is_empty() {
                self.session.subscriptions.unsubscribe(kind, new.iter().map(|name| &**name));
            }
        }
    }

    /// MONITOR: from here on everything that the server says is for the client.
    pub(in crate::client) fn monitor(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
    ) -> Next {
        match self.lease(batch, Target::Master) {
            Ok(lease) => {
                self.session.monitor = true;
                lease.set_relay(Relay::Everything);
                self.hush_monitor(&lease, request.shown);
                self.to_monitor(batch, request)
            }
            Err(error) => {
                let text = outcome::no_route(error, batch.topology.sole_shard());
                self.error(batch, true, &text)
            }
        }
    }

    /// A monitor's server does what CLIENT REPLY said before, and what it says from now on.
    fn hush_monitor(&self, lease: &Connection, is_shown: bool) {
        if !is_shown {
            let mode: &[u8] = if self.session.reply == ReplyMode::Off { b"OFF" } else { b"SKIP" };
            lease.send_raw(&encode::request_of(&[b"CLIENT", b"REPLY", mode]));
        }
    }

    /// A monitor's request: its reply comes among what it reads.
    pub(in crate::client) fn to_monitor(
        &self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
    ) -> Next {
        batch.flush(&self.inbox);
        if let Some(lease) = &self.lease {
            lease.send_raw(request.frame);
        }
        Next::Done
    }
}
