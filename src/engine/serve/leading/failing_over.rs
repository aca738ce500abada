//! FAILOVER at a master: it hands its role over to a replica that has all of its stream
//! (`failoverCommand`).

use std::sync::Arc;

use super::failover_run::{FailingOver, Wish};
use crate::config::{Config, HostPort, ReplicaOf};
use crate::engine::Engine;
use crate::engine::serve::held::Held;
use crate::engine::serve::port_context::PortContext;
use crate::engine::state::Handover;

const FORCE: &str =
    "ERR FAILOVER with force option requires both a timeout and target HOST and IP.";

impl PortContext {
    /// The word of `master_failover_state`.
    pub(in crate::engine::serve) fn failover_state(&self) -> &'static str {
        match &*self.failing_over.borrow() {
            None => "no-failover",
            Some(it) if it.is_handed_over && self.engine.role.handover() == Handover::None => {
                "no-failover"
            }
            Some(it) if it.is_handed_over => "failover-in-progress",
            Some(_) => "waiting-for-sync",
        }
    }

    /// Begins a failover: writes wait from now on.
    ///
    /// # Errors
    /// The error to answer with.
    pub(in crate::engine::serve) fn begin_failover(
        &self,
        wish: Wish,
        held: &mut Held<'_>,
    ) -> Result<(), String> {
        if self.failing_over.borrow().is_some() {
            return Err("ERR FAILOVER already in progress.".to_owned());
        }
        let replicas = self.replicas();
        if replicas.is_empty() {
            return Err("ERR FAILOVER requires connected replicas.".to_owned());
        }
        if wish.is_forced && (wish.target.is_none() || wish.timeout_ms.is_none()) {
            return Err(FORCE.to_owned());
        }
        if let Some(target) = &wish.target {
            match replicas.iter().find(|(addr, ..)| addr == target) {
                None => {
                    let error = "ERR FAILOVER target HOST and PORT is not a replica.";
                    return Err(error.to_owned());
                }
                Some((.., false)) => {
                    return Err("ERR FAILOVER target replica is not online.".to_owned());
                }
                Some(_) => {}
            }
        }
        let now_ms = self.now_ms();
        self.pause.pause(u64::MAX, false, now_ms);
        held.store_mut();
        self.lead.borrow_mut().ask_for_acks();
        let until_ms = wish.timeout_ms.map(|timeout| now_ms.saturating_add(timeout));
        tracing::info!(target = ?wish.target, "FAILOVER: writes wait until a replica has them all");
        *self.failing_over.borrow_mut() = Some(FailingOver {
            target: wish.target,
            until_ms,
            is_forced: wish.is_forced,
            is_handed_over: false,
        });
        Ok(())
    }

    /// The replicas: their addresses, what they have acknowledged, whether they are online.
    fn replicas(&self) -> Vec<(HostPort, u64, bool)> {
        let info = self.engine.link_info();
        let replicas = info.source.replicas().filter_map(|(_, it)| {
            let addr = HostPort::of(&it.ip, &it.port.to_string()).ok()?;
            Some((addr, it.acked().get(), it.is_online()))
        });
        replicas.collect()
    }

    /// Takes the next step of a failover, if it is time.
    pub(in crate::engine::serve) fn go_on_failing_over(&self) {
        let Some(run) = self.failing_over.borrow().clone() else { return };
        if run.is_handed_over {
            match self.engine.role.handover() {
                Handover::Asking => {}
                Handover::None => self.end_failover("the replica has taken over"),
                Handover::Refused => self.abort_failover("the replica has refused to take over"),
            }
            return;
        }
        if !self.engine.leads() {
            return self.end_failover("another master is followed");
        }
        let end = self.engine.applied().get();
        let is_wanted = |addr: &HostPort| run.target.as_ref().is_none_or(|target| target == addr);
        let found = self
            .replicas()
            .into_iter()
            .find(|(addr, acked, is_online)| *is_online && *acked >= end && is_wanted(addr));
        let is_late = run.until_ms.is_some_and(|until| self.now_ms() >= until);
        match (found, is_late) {
            (Some((target, ..)), _) => self.hand_over(&target),
            (None, true) => match run.target.filter(|_| run.is_forced) {
                Some(target) => self.hand_over(&target),
                None => self.abort_failover("no replica has had all writes in time"),
            },
            (None, false) => {}
        }
    }

    /// Becomes a replica of `target`, which is asked to be the master.
    fn hand_over(&self, target: &HostPort) {
        if let Some(run) = self.failing_over.borrow_mut().as_mut() {
            run.is_handed_over = true;
        }
        self.engine.role.set_handover(Handover::Asking);
        self.follow_master(&mut Held::new(self), target);
        tracing::info!(%target, "FAILOVER: a replica is asked to take over");
        self.follow_role();
    }

    /// Gives a failover up: the engine is the master again, and writes go on.
    pub(in crate::engine::serve) fn abort_failover(&self, why: &str) {
        let was_handed_over =
            self.failing_over.borrow().as_ref().is_some_and(|it| it.is_handed_over);
        if was_handed_over {
            self.lead_from_now_on(&mut Held::new(self));
        }
        tracing::warn!("FAILOVER is given up: {why}");
        self.finish_failover();
    }

    /// Makes the engine a master, and the configuration say so.
    pub(in crate::engine::serve) fn lead_from_now_on(&self, held: &mut Held<'_>) {
        name_master(&self.engine, &ReplicaOf::NoOne);
        self.engine.promote(held.store_mut());
    }

    /// Makes the configuration name this master, and the engine its replica if it was a master.
    pub(in crate::engine::serve) fn follow_master(&self, held: &mut Held<'_>, master: &HostPort) {
        name_master(&self.engine, &ReplicaOf::Server(master.clone()));
        if self.engine.leads() {
            held.commit();
            self.engine.demote(held.store_mut());
        }
    }

    fn end_failover(&self, how: &str) {
        tracing::info!("FAILOVER: {how}");
        self.finish_failover();
    }

    fn finish_failover(&self) {
        self.engine.role.set_handover(Handover::None);
        *self.failing_over.borrow_mut() = None;
        self.pause.unpause();
    }
}

/// Changes which master the configuration names.
fn name_master(engine: &Engine, master: &ReplicaOf) {
    engine.config.rcu(|config| {
        let mut config = Config::clone(config);
        config.replica.replicaof = master.clone();
        Arc::new(config)
    });
}
