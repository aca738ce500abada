//! The policies for a client's reads, before a request is looked at.

use std::rc::Rc;

use crate::config::Config;
use crate::routing::ReadPolicy;
use crate::routing::rules::Rules;
use crate::session::ReadChoice;
use crate::worker::handle::Handle;
use crate::worker::worker::Worker;
use tidegate_wire::units::HostPort;

/// The policies for a client's reads, before a request is looked at.
#[derive(Debug)]
pub(in crate::client) struct Policies {
    /// The address of the `[[listener]]` to which the client connected.
    addr: Option<Rc<HostPort>>,
    /// The policy for the reads of that port's clients, or of the user's.
    port: ReadPolicy,
    /// The policy for the session's reads.
    session: ReadPolicy,
    /// The rules, if there are any.
    rules: Option<Rc<Rules>>,
}

impl Policies {
    /// The policies of a client that has connected to `addr` of a `[[listener]]`, or to one of
    /// `proxy.listen`.
    pub(in crate::client) fn new(
        addr: Option<Rc<HostPort>>,
        config: &Handle<Config>,
        worker: &Worker,
    ) -> Self {
        let port = config.read_policy(addr.as_deref());
        Self { addr, port, session: port, rules: worker.rules.of(config) }
    }

    /// From now on `config` counts.
    pub(in crate::client) fn follow(&mut self, config: &Handle<Config>, worker: &Worker) {
        self.port = config.read_policy(self.addr.as_deref());
        self.rules = worker.rules.of(config);
    }

    /// The client acts as `user`, whose section may say more about its reads.
    pub(in crate::client) fn follow_user(&mut self, config: &Config, user: &str) {
        self.port = config.policy_of_user(config.read_policy(self.addr.as_deref()), user);
    }

    /// The session has said this about its reads. Returns the policy for them.
    pub(in crate::client) fn choose(&mut self, choice: &ReadChoice) -> ReadPolicy {
        self.session = self.port.chosen(choice);
        self.session
    }

    /// The policy for the reads of the port's clients.
    pub(in crate::client) const fn port(&self) -> ReadPolicy {
        self.port
    }

    /// The policy for the session's reads, unless a rule or PROXY NEXT says otherwise.
    pub(in crate::client) const fn session(&self) -> ReadPolicy {
        self.session
    }

    /// The rules, if there are any.
    pub(in crate::client) fn rules(&self) -> Option<&Rules> {
        self.rules.as_deref()
    }
}
