//! SHUTDOWN under way: writes wait, replicas get the rest of the stream, the data are saved, and the
//! process ends (`prepareForShutdown`, `finishShutdown`).

use std::time::Duration;

use super::shutdown_run::{Order, ShuttingDown};
use crate::engine::persist::SaveError;
use crate::engine::serve::held::Held;
use crate::engine::serve::port_context::PortContext;
use crate::engine::state::Farewell;
use tidegate_wire::units::millis;

/// The error for clients whose SHUTDOWN is given up (`replyToClientsBlockedOnShutdown`).
const GIVEN_UP: &[u8] = b"-ERR Errors trying to SHUTDOWN. Check logs.\r\n";
/// How long the end waits for another save.
const SAVE_WAIT: Duration = Duration::from_secs(10);

impl PortContext {
    /// Ends the process for a client, which waits. A SHUTDOWN under way goes on as it was ordered.
    pub(in crate::engine::serve) fn shut_down(&self, order: Order, client: u64) {
        if let Some(run) = self.shutting_down.borrow_mut().as_mut() {
            run.clients.push(client);
            return;
        }
        let config = self.config();
        let offset = self.engine.applied().get();
        let timeout_ms = millis(config.replica.shutdown_timeout);
        let waits = !order.is_now && timeout_ms > 0 && !self.replicas_have(offset);
        let now_ms = self.now_ms();
        *self.shutting_down.borrow_mut() = Some(ShuttingDown {
            order,
            offset,
            until_ms: if waits { now_ms.saturating_add(timeout_ms) } else { now_ms },
            save_waits_ms: None,
            clients: vec![client],
            is_over: false,
        });
        if waits {
            tracing::info!(timeout_ms, "SHUTDOWN: replicas get the rest of the stream first");
            self.ask_for_acks();
        }
        self.go_on_shutting_down();
    }

    /// Gives a SHUTDOWN up that waits for replicas; false if there is none (`abortShutdown`).
    pub(in crate::engine::serve) fn abort_shutdown(&self) -> bool {
        if self.shutting_down.borrow().as_ref().is_none_or(|run| run.is_over) {
            return false;
        }
        tracing::info!("SHUTDOWN: a client has aborted it");
        self.give_shutdown_up();
        true
    }

    /// The milliseconds that a SHUTDOWN still waits for replicas (`shutdown_in_milliseconds`).
    pub(in crate::engine::serve) fn shutdown_in_ms(&self) -> Option<u64> {
        let run = self.shutting_down.borrow();
        run.as_ref().map(|run| run.until_ms.saturating_sub(self.now_ms()))
    }

    /// Ends the process, if a SHUTDOWN is under way and it is time.
    pub(in crate::engine::serve) fn go_on_shutting_down(&self) {
        let (order, offset, until_ms) = match self.shutting_down.borrow().as_ref() {
            Some(run) if !run.is_over => (run.order, run.offset, run.until_ms),
            _ => return,
        };
        if self.now_ms() < until_ms && !self.replicas_have(offset) {
            return;
        }
        if !self.may_save_now() {
            return;
        }
        self.tell_lagging(offset);
        let saved = self.engine.save_before_end(order.farewell);
        match saved {
            Err(error) if !is_harmless(&error) && !order.is_forced => {
                tracing::error!(
                    "SHUTDOWN: the data cannot be saved, so the process goes on: {error}"
                );
                self.give_shutdown_up();
            }
            saved => {
                if let Some(run) = self.shutting_down.borrow_mut().as_mut() {
                    run.is_over = true;
                }
                tracing::info!("SHUTDOWN: the process ends");
                // A master's data stay as they were saved.
                let is_done = matches!(saved, Ok(true)) && self.engine.leads();
                let farewell = if is_done { Farewell::NoSave } else { order.farewell };
                self.engine.end_process(farewell);
            }
        }
    }

    /// Whether all replicas that get the stream have this offset (`isReadyToShutdown`).
    fn replicas_have(&self, offset: u64) -> bool {
        let info = self.engine.link_info();
        let mut replicas = info.source.replicas().filter(|(_, it)| it.is_followed());
        replicas.all(|(_, it)| it.acked().get() >= offset)
    }

    /// Asks the replicas of a master for acks. A script that runs for long has the stream.
    fn ask_for_acks(&self) {
        if !self.engine.leads() || self.scripts.is_busy() {
            return;
        }
        let mut held = Held::new(self);
        held.store_mut();
        let mut lead = self.lead.borrow_mut();
        lead.ask_for_acks();
        lead.end();
    }

    /// Whether no other save is under way, or it takes too long.
    fn may_save_now(&self) -> bool {
        let mut run = self.shutting_down.borrow_mut();
        let Some(run) = run.as_mut() else { return false };
        if !self.engine.saves.go_on() || run.order.farewell == Farewell::NoSave {
            return true;
        }
        let now_ms = self.now_ms();
        let since = *run.save_waits_ms.get_or_insert(now_ms);
        now_ms.saturating_sub(since) >= millis(SAVE_WAIT)
    }

    fn tell_lagging(&self, offset: u64) {
        let info = self.engine.link_info();
        let followed = info.source.replicas().filter(|(_, it)| it.is_followed());
        for (_, it) in followed.filter(|(_, it)| it.acked().get() < offset) {
            let behind = offset.saturating_sub(it.acked().get());
            tracing::warn!(replica = %it.ip, port = it.port, behind, "SHUTDOWN: a replica lags");
        }
    }

    fn give_shutdown_up(&self) {
        let run = self.shutting_down.borrow_mut().take();
        let clients = run.map(|run| run.clients).unwrap_or_default();
        self.deliver(clients.into_iter().map(|client| (client, GIVEN_UP.to_vec())).collect());
    }
}

/// Whether there is nothing that could be saved.
fn is_harmless(error: &SaveError) -> bool {
    matches!(error, SaveError::NoData | SaveError::Distrusted | SaveError::Replaced)
}
