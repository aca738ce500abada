//! `[[listener]]`: further addresses for clients, with a policy for their reads.

use std::time::Duration;

use super::overlay::Overlay;
use super::section::section;
use crate::config::kind::{Address, Flag, IfGiven, ListOf, OneOf, OrOff, Time};
use crate::consistency::Level;
use crate::routing::OnStale;
use crate::session::ReadFrom;
use tidegate_wire::units::HostPort;

section! {
    /// One `[[listener]]`: addresses, and what differs from `[reads]` for the clients that connect
    /// to them.
    pub struct Listener = "listener" [64] {
        /// The addresses that clients connect to, 1 to 64.
        "listen" => listen: Vec<HostPort> = Vec::new(),
            ListOf { kind: Address::Server, min: 1, max: 64 }, Restart;

        /// The addresses that clients connect to with TLS, 1 to 64.
        "tls-listen" => tls_listen: Vec<HostPort> = Vec::new(),
            ListOf { kind: Address::Server, min: 1, max: 64 }, Restart;

        /// `reads.from` of these clients.
        "reads.from" => from: Option<ReadFrom> = None, IfGiven(OneOf::<ReadFrom>::new()), Live;

        /// `reads.consistency` of these clients.
        "reads.consistency" => consistency: Option<Level> = None,
            IfGiven(OneOf::<Level>::new()), Live;

        /// `reads.max-lag` of these clients. It may be longer than that of `[reads]`.
        "reads.max-lag" => max_lag: Option<Option<Duration>> = None,
            IfGiven(OrOff(Time(Duration::from_millis(1), Duration::from_secs(3600)))), Live;

        /// `reads.on-stale` of these clients.
        "reads.on-stale" => on_stale: Option<OnStale> = None,
            IfGiven(OneOf::<OnStale>::new()), Live;

        /// `reads.replica-serve-stale-data` of these clients.
        "reads.replica-serve-stale-data" => serve_stale: Option<bool> = None,
            IfGiven(Flag), Live;
    }
}

impl Listener {
    /// What differs from `[reads]` for its clients.
    pub(in crate::config) fn overlay(&self) -> Overlay {
        Overlay {
            level: self.consistency,
            from: self.from,
            max_lag: self.max_lag,
            on_stale: self.on_stale,
            serve_stale: self.serve_stale,
        }
    }

    /// Whether clients connect to it at `addr`.
    #[must_use]
    pub fn has(&self, addr: &HostPort) -> bool {
        self.listen.contains(addr) || self.tls_listen.contains(addr)
    }
}

/// A port that clients connect to.
#[derive(Clone, Debug)]
pub struct ClientPort<'c> {
    /// The key that names its address.
    pub key: String,
    /// Its address.
    pub addr: &'c HostPort,
    /// Whether its clients use TLS.
    pub is_tls: bool,
    /// The `[[listener]]` that it belongs to; `None` if it is one of `[proxy]`.
    pub listener: Option<&'c Listener>,
}
