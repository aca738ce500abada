//! CLIENT TRACKING: what is read over the session's own connection is invalidated.

use crate::backend::Relay;
use crate::client::client::Client;
use crate::client::planning::dispatch::{Next, Request};
use crate::client::reading::batch::Batch;
use crate::client::replies::transform::Transform;
use crate::registry::{Redirected, TargetState};
use crate::session::{Tracking, tracking};
use crate::topology::BackendId;
use tidegate_wire::resp::{Args, RespVersion, encode, integer};

const MISSING: &str = "ERR The client ID you want redirect to does not exist";
const UNREACHED: &str = "MASTERDOWN The server did not let the client of REDIRECT connect, so the \
                         command was not sent";

/// What stands in the way of a redirection.
enum Hindrance {
    /// The target's connection is being opened.
    Opening,
    /// This is the reply.
    Error(&'static str),
}

impl Client {
    /// CLIENT TRACKING ON|OFF: invalidations come for what is read over one connection, so all of
    /// the session's reads go over it.
    pub(in crate::client) fn tracking(
        &mut self,
        batch: &mut Batch<'_>,
        request: &Request<'_>,
    ) -> Next {
        let mut args = Args::new(request.frame).to_vec();
        let on = args.get(2).is_some_and(|arg| arg.eq_ignore_ascii_case(b"on"));
        let mut server_id = Vec::new();
        let target = match self.target(batch, &args) {
            Ok(target) => target,
            Err(Hindrance::Opening) => {
                batch.flush(&self.inbox);
                return Next::Wait;
            }
            Err(Hindrance::Error(error)) => return self.error(batch, request.shown, error),
        };
        let redirected = target.map(|(at, id, redirected)| {
            server_id = integer::text(id);
            (at, redirected)
        });
        let redirected = redirected.map(|(at, redirected)| {
            args[at] = &server_id;
            redirected
        });
        let redirect = redirected.as_ref().map_or(0, Redirected::id);
        let broadcast = tracking::is_broadcast(&args);
        let tracking = on.then_some(Tracking { redirect, broadcast });
        let frame = encode::request_of(&args);
        let request = Request { frame: &frame, range: None, ..*request };
        self.hold = true;
        let next = self.pass_with(batch, &request, Transform::Tracking(tracking, redirected));
        if let Some(lease) = &self.lease {
            // Whatever the server has in mind for this connection must not outlive the session.
            lease.taint();
            if on && self.session.version == RespVersion::V3 {
                lease.set_relay(Relay::Pushes);
            }
        }
        next
    }

    /// The client of REDIRECT: the place of its id in the request, the server's id of the connection
    /// that it has for this, and the hold on it. `None` where the server has to say something else.
    fn target(
        &mut self,
        batch: &Batch<'_>,
        args: &[&[u8]],
    ) -> Result<Option<(usize, i64, Redirected)>, Hindrance> {
        let at = tracking::redirect_at(args);
        let Some((at, id)) = at.and_then(|at| Some((at, integer::parse(args.get(at)?)?))) else {
            return Ok(None);
        };
        let Some(backend) = self.own_server(batch) else { return Ok(None) };
        let registry = &self.worker.shared.registry;
        let entry = u64::try_from(id).ok().and_then(|id| registry.find(id));
        let before = self.redirecting.take();
        let target = Redirected::to(entry.ok_or(Hindrance::Error(MISSING))?);
        drop(before);
        match target.ask(backend, &self.entry) {
            TargetState::Open(id) => Ok(Some((at, id, target))),
            TargetState::Opening => {
                self.redirecting = Some(target);
                Err(Hindrance::Opening)
            }
            TargetState::Failed => Err(Hindrance::Error(UNREACHED)),
        }
    }

    /// The server of the session's own connection, which it may still have to open.
    fn own_server(&self, batch: &Batch<'_>) -> Option<BackendId> {
        match &self.lease {
            Some(lease) => Some(lease.backend),
            None => batch.topology.sole_shard().master().map(|master| master.id),
        }
    }

    /// The server has taken a CLIENT TRACKING.
    pub(in crate::client) fn follow_tracking(
        &mut self,
        tracking: Option<Tracking>,
        redirected: Option<Redirected>,
    ) {
        self.session.tracking = tracking;
        self.redirected = redirected.filter(|_| tracking.is_some());
        self.inbox.set_redirect(tracking.map_or(0, |tracking| tracking.redirect));
    }

    /// Whether its invalidations go to a client that the server knows by another id.
    pub(in crate::client) fn redirects(&self) -> bool {
        self.session.tracking.is_some_and(|tracking| tracking.redirect != 0)
    }

    /// A reply to CLIENT TRACKINGINFO, with the proxy's id of the client that it names.
    pub(in crate::client) fn tracking_info(&self, reply: Vec<u8>) -> Vec<u8> {
        if !self.redirects() {
            return reply;
        }
        if tracking::is_broken(&reply) {
            self.inbox.break_redirect();
        }
        tracking::with_redirect(reply, self.session.tracking.map_or(0, |it| it.redirect))
    }
}
