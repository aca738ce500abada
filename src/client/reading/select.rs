//! SELECT and RESET: what later requests mean.

use super::batch::Batch;
use crate::backend::ConnectionKey;
use crate::client::client::Client;
use crate::client::dedicated::lease::Passage;
use crate::client::planning::dispatch::{Next, Request};
use crate::client::replies::transform::Transform;
use crate::routing::Target;
use crate::session::{Identity, ReplyMode, local};
use crate::telemetry::Kind;
use tidegate_wire::command::wrong_arity;

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

impl Client {
    /// SELECT: the shared connections of another database from now on. Whether there is such a
    /// database is a server's to say, the first time that a client asks.
    pub(in crate::client) fn select(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
    ) -> Next {
        if request.argc != 2 {
            return self.error(batch, request.shown, &wrong_arity("select"));
        }
        let db = match local::select_db(request.second.unwrap_or_default()) {
            Ok(db) => db,
            Err(error) => return self.error(batch, request.shown, error),
        };
        if self.session.is_pinned() {
            return self.pass_with(batch, request, Transform::Select(db));
        }
        if self.worker.has_db(db) {
            self.session.db = db;
            batch.forget(&self.inbox);
            return self.status(batch, request.shown, "OK");
        }
        batch.flush(&self.inbox);
        let topology = batch.topology.clone();
        let from = self.config.reads.from;
        // Where no master is expected a replica knows, too: it has as many databases, as a rule.
        let route = |target| self.worker.route(topology.sole_shard(), from, target, None);
        let asked = match route(Target::Master).or_else(|error| {
            let waits =
                self.policy().hold(error, topology.sole_shard(), self.worker.now_ms()).is_some();
            if waits { Err(error) } else { route(Target::Read) }
        }) {
            Ok(route) => route.backend,
            Err(error) => return self.barred(batch, error, request.shown),
        };
        let key = ConnectionKey { db, ..self.worker.key_of(&self.session) };
        let connection = self.worker.pool.borrow_mut().shared(asked, key);
        let (kind, transform) = (Some(Kind::ReadMaster), Some(Transform::Probe(db)));
        let passage = Passage { kind, transform, ..Passage::plain(request.shown) };
        self.send_shared(batch, &connection, PING, passage);
        // What follows depends on the answer, and may not join this batch's connections.
        self.hold = true;
        batch.forget(&self.inbox);
        Next::Done
    }

    /// RESET: as if the client had just come.
    pub(in crate::client) fn reset(&mut self, batch: &mut Batch<'_>, shown: bool) -> Next {
        batch.flush(&self.inbox);
        // It ends CLIENT REPLY OFF, and is answered.
        let shown = shown || self.session.reply == ReplyMode::Off;
        self.drop_lease();
        self.follow_tracking(None, None);
        self.session.reset(Identity::without_login(&self.config.proxy.requirepass));
        batch.forget(&self.inbox);
        self.status(batch, shown, "RESET")
    }
}
