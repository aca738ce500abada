//! One connection to the master, from the first PING to its end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

use super::fault::LinkFault;
use super::follower::Follower;
use super::master_info::MasterInfo;
use super::transfer;
use super::wire::{LOOK, Wire};
use crate::config::{Config, HostPort, Secret};
use crate::engine::Engine;
use crate::engine::persist::Spool;
use crate::engine::state::Handover;
use tidegate_replication::{Ask, Continued, Handshake, Introduction, LinkState, Outcome, Phase};
use tidegate_wire::units::ReplId;

/// The longest time for resolving a name.
const RESOLVE_MAX: Duration = Duration::from_secs(1);

impl Follower {
    /// Follows the master until the connection fails.
    pub(super) async fn follow(&mut self, master: &HostPort) -> LinkFault {
        self.offsets.cut();
        let engine = Arc::clone(&self.engine);
        self.rejoin();
        match self.session(&engine, master).await {
            Ok(never) => match never {},
            Err(fault) => fault,
        }
    }

    async fn session(
        &mut self,
        engine: &Engine,
        master: &HostPort,
    ) -> Result<Infallible, LinkFault> {
        if self.ask() == Ask::Full {
            // If the engine cannot keep a payload, the master need not make one.
            Spool::new(&engine.dir()).map_err(LinkFault::Spool)?;
        }
        engine.enter(LinkState::Connecting);
        let mut wire = Wire::open(engine, master).await?;
        engine.enter(LinkState::Handshake);
        let introduction = introduction(engine, master, &wire).await;
        let hands_over = engine.role.handover() == Handover::Asking;
        let agreed = self.handshake(&mut wire, introduction, hands_over).await;
        if hands_over {
            let is_refused = matches!(agreed, Err(LinkFault::Handshake(_)));
            engine.role.set_handover(match &agreed {
                Ok(_) => Handover::None,
                Err(_) if is_refused => Handover::Refused,
                // The other one may answer the next time.
                Err(_) => Handover::Asking,
            });
            // The port ends the failover.
            engine.feeding.acks.notify_one();
        }
        match agreed? {
            Outcome::Full(position) => transfer::full(self, &mut wire, position).await?,
            Outcome::Continue(replid) => {
                self.resume(replid)?;
                // Bytes behind the answer belong to the stream.
                self.offsets.received(wire.input.len() as u64);
            }
        }
        let phase = if self.is_uncounted { Phase::Uncounted } else { Phase::Streaming };
        wire.enter(phase);
        engine.enter(LinkState::Connected);
        loop {
            self.apply_all(&mut wire).await?;
            let read = wire.tick(self.offsets.applied(), LOOK).await?;
            self.offsets.received(read as u64);
        }
    }

    /// Returns what to ask the master for.
    fn ask(&self) -> Ask {
        self.engine.link_info().identity.ask(self.offsets.applied())
    }

    async fn handshake(
        &mut self,
        wire: &mut Wire<'_>,
        introduction: Introduction,
        hands_over: bool,
    ) -> Result<Outcome, LinkFault> {
        let handshake = Handshake::begin(introduction, self.ask(), &mut wire.output);
        let mut handshake = handshake.handing_over(hands_over);
        loop {
            wire.tick(self.offsets.applied(), LOOK).await?;
            let progress = handshake.feed(&wire.input, &mut wire.output)?;
            wire.consume(progress.consumed);
            if let Some(outcome) = progress.outcome {
                for (step, said) in handshake.ignored() {
                    tracing::debug!(%step, said, "the master refuses a part of the handshake");
                }
                self.master_info = MasterInfo::of(&handshake);
                return Ok(outcome);
            }
        }
    }

    /// Resumes the stream where it was cut.
    fn resume(&mut self, replid: Option<ReplId>) -> Result<(), LinkFault> {
        self.applier.resume();
        let mut store = self.engine.store_mut();
        self.applier.check_role(&self.engine)?;
        let server = self.master_info.adopt(&mut store);
        self.engine.set_dialect(store.dialect());
        let mut info = self.engine.link_info();
        if let Some(server) = server {
            info.server = server;
        }
        let continued = info.identity.continued(replid, self.offsets.applied());
        let renamed = continued == Continued::Renamed;
        if renamed {
            self.engine.log_name(&info);
            // What follows may be another master's, and no reader sees it before.
            self.engine.begin_data_epoch(&info);
            // Sub-replicas come back and learn the new name of the history.
            info.source.close_all();
            self.engine.feeding.notify();
        }
        drop(store);
        info.counts.partial_resyncs += 1;
        tracing::info!(offset = %self.offsets.applied(), renamed, "partial resync");
        Ok(())
    }

    /// Applies the bytes that have arrived, up to the last whole unit.
    async fn apply_all(&mut self, wire: &mut Wire<'_>) -> Result<(), LinkFault> {
        while !wire.input.is_empty() {
            let slice = self.applier.slice(&self.engine, &mut self.offsets, &wire.input)?;
            wire.consume(slice.consumed);
            if self.applier.take_ack_wanted() && !self.is_uncounted {
                wire.ack(self.offsets.applied()).await?;
            }
            if !slice.more {
                self.engine.turns.link_is_through();
                break;
            }
            wire.beat(self.offsets.applied()).await?;
        }
        Ok(())
    }
}

/// Returns what the engine tells the master about itself. The login of `[topology]` goes only to
/// servers of the topology.
async fn introduction(engine: &Engine, master: &HostPort, wire: &Wire<'_>) -> Introduction {
    let config = engine.config.load_full();
    let own = !config.replica.masterauth.is_empty();
    let (mut user, mut password) = config.replica_login();
    let (nameless, none) = (String::new(), Secret::default());
    if !own && !password.is_empty() && !is_of_topology(engine, &config, master, wire).await {
        let why = "it is none of its servers; set replica.masterauth if it is to be followed";
        tracing::warn!(%master, "the master is not sent the login of [topology]: {why}");
        (user, password) = (&nameless, &none);
    }
    let replica = &config.replica;
    let ip = Some(&replica.replica_announce_ip).filter(|ip| !ip.is_empty());
    Introduction {
        user: user.to_owned(),
        password: password.clone(),
        port: engine.announced_port(&config),
        ip: ip.cloned(),
    }
}

/// Whether the proxy connects to this server too, under any name.
async fn is_of_topology(
    engine: &Engine,
    config: &Config,
    master: &HostPort,
    wire: &Wire<'_>,
) -> bool {
    let topology = engine.topology.load_full();
    let configured = config.topology.named_servers();
    let known = topology.backends().filter(|it| !it.is_local).map(|it| &it.addr);
    let names = configured.iter().chain(known);
    if names.clone().any(|name| name == master) {
        return true;
    }
    let Some(peer) = wire.peer() else { return false };
    let is_peer = async |name: &HostPort| {
        let found = timeout(RESOLVE_MAX, lookup_host((name.host.as_str(), name.port))).await;
        found.is_ok_and(|found| found.is_ok_and(|mut addrs| addrs.any(|addr| addr == peer)))
    };
    for name in names {
        if is_peer(name).await {
            return true;
        }
    }
    false
}
