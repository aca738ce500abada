//! WATCH, MULTI, EXEC: on a connection of the session's own, to the master.

use super::lease::Passage;
use crate::client::client::Client;
use crate::client::planning::dispatch::{Next, Request};
use crate::client::planning::outcome;
use crate::client::reading::batch::Batch;
use crate::client::replies::transform::Transform;
use crate::routing::{Target, plan};
use crate::session::cursor::{self, Cursor};
use crate::session::{Queued, Verdict, local};
use tidegate_wire::command::{ClientCommand, Effect, Resolved};
use tidegate_wire::resp::{Args, encode};

/// What the server is given in place of a command that only the proxy can answer.
const PLACEHOLDER: &[u8] = b"*1\r\n$4\r\nPING\r\n";
pub(in crate::client) const DISCARD: &[u8] = b"*1\r\n$7\r\nDISCARD\r\n";

const LOST: &str = "MASTERDOWN The connection that held this transaction was lost";
const ABORTED: &str = "EXECABORT Transaction discarded because of previous errors.";

impl Client {
    /// WATCH, UNWATCH or MULTI, outside MULTI.
    pub(in crate::client) fn transaction(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: &Resolved<'_>,
    ) -> Next {
        match command.effect {
            Effect::Unwatch => self.session.transaction.unwatch(),
            Effect::Watch => self.session.transaction.watch(),
            _ => {
                self.session.transaction.open();
            }
        }
        self.pass(batch, request)
    }

    /// Any command between MULTI and EXEC.
    pub(in crate::client) fn in_transaction(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        command: &Resolved<'_>,
    ) -> Next {
        let fits = command.fits(request.argc);
        match command.effect {
            Effect::Exec if fits => self.exec(batch, request),
            Effect::Discard if fits => self.discard(batch, request),
            Effect::Multi | Effect::Watch if fits && self.session.transaction.is_lost() => {
                self.error(batch, request.shown, LOST)
            }
            // Errors that leave the transaction open; the server has the words.
            Effect::Multi | Effect::Watch if fits && !self.session.transaction.is_lost() => {
                self.pass(batch, request)
            }
            Effect::Exec => self.exec_refused(batch, request),
            Effect::Scan { cursor } => self.queue_scan(batch, request, usize::from(cursor)),
            Effect::Select => {
                let db = request.second.and_then(|arg| local::select_db(arg).ok());
                self.queue(batch, request, db.map(Queued::Select))
            }
            Effect::Ping | Effect::Echo => self.queue(batch, request, None),
            Effect::Client(ClientCommand::TrackingInfo) if self.redirects() => {
                self.queue(batch, request, Some(Queued::TrackingInfo))
            }
            Effect::Client(client)
                if plan::is_asked_of_server(client, batch.topology.sole_shard()) =>
            {
                self.queue(batch, request, None)
            }
            Effect::Auth | Effect::Readonly | Effect::Readwrite | Effect::Client(_) => {
                let queued = Queued::Local(request.frame.to_vec());
                let placeholder = Request { frame: PLACEHOLDER, range: None, ..*request };
                self.queue(batch, &placeholder, Some(queued))
            }
            _ => self.queue(batch, request, None),
        }
    }

    /// Has the server queue a command.
    pub(in crate::client) fn queue(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        special: Option<Queued>,
    ) -> Next {
        if self.session.transaction.is_lost() {
            return self.error(batch, request.shown, LOST);
        }
        self.session.transaction.queue(special);
        self.pass(batch, request)
    }

    /// A scan in a transaction is the master's; cursors of others begin anew there.
    fn queue_scan(&mut self, batch: &mut Batch<'_>, request: &Request<'_>, at: usize) -> Next {
        let cursor = Args::new(request.frame).at(at).map(Cursor::parse);
        let Some(Cursor::Resume { tag, own }) = cursor else {
            return self.queue(batch, request, None);
        };
        let ours = self.lease.as_ref().is_some_and(|lease| lease.scan_tag() == tag);
        let frame = cursor::with_cursor(request.frame, at, if ours { own } else { 0 });
        let request = Request { frame: &frame, range: None, ..*request };
        self.queue(batch, &request, None)
    }

    fn exec(&mut self, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
        let discarding = Request { frame: DISCARD, range: None, ..*request };
        match self.session.transaction.exec() {
            Verdict::Lost => self.error(batch, request.shown, ABORTED),
            Verdict::Run(special) if special.is_empty() && !batch.acknowledges() => {
                self.pass(batch, request)
            }
            Verdict::Run(special) => self.pass_with(batch, request, Transform::Exec(special)),
            Verdict::Abort => {
                let mut reply = Vec::new();
                encode::error(&mut reply, ABORTED);
                self.pass_with(batch, &discarding, Transform::Replace(reply))
            }
            Verdict::Changed => {
                let mut reply = Vec::new();
                encode::null_array(&mut reply, self.session.version);
                self.pass_with(batch, &discarding, Transform::Replace(reply))
            }
        }
    }

    /// An EXEC with arguments: the server discards the transaction all the same.
    fn exec_refused(&mut self, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
        if self.session.transaction.exec() == Verdict::Lost {
            return self.error(batch, request.shown, ABORTED);
        }
        if let Some(lease) = &self.lease {
            // Should a server see it otherwise, nobody else may find its queue.
            lease.taint();
        }
        self.pass(batch, request)
    }

    fn discard(&mut self, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
        if self.session.transaction.discard() {
            self.pass(batch, request)
        } else {
            self.status(batch, request.shown, "OK")
        }
    }

    /// Sends a request over the session's own connection.
    pub(in crate::client) fn pass(&mut self, batch: &mut Batch<'_>, request: &Request<'_>) -> Next {
        self.send_own(batch, request, Passage::plain(request.shown))
    }

    /// The same, and the reply is changed.
    pub(in crate::client) fn pass_with(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        transform: Transform,
    ) -> Next {
        let transform = Some(transform);
        self.send_own(batch, request, Passage { transform, ..Passage::plain(request.shown) })
    }

    /// Sends a request over the session's own connection, to the master if there is none yet.
    pub(in crate::client) fn send_own(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
        passage: Passage,
    ) -> Next {
        batch.flush(&self.inbox);
        self.wrote = true;
        let shown = passage.shown;
        match self.lease(batch, Target::Master) {
            Ok(lease) => {
                let seq = self.send_leased(&lease, request.frame, passage, batch);
                self.wrote_anything(seq);
                Next::Done
            }
            Err(error) => {
                self.session.transaction.lose();
                let text = outcome::no_route(error, batch.topology.sole_shard());
                self.error(batch, shown, &text)
            }
        }
    }
}
