//! What the log says about the Sentinels: each change once.

use std::collections::HashMap;

use super::fault::SentinelFault;
use crate::config::HostPort;
use crate::sentinel::{Heard, Member, Sentinels};
use crate::topology::Authority;

/// Sentinels that switch one after the other differ for a moment. Only what lasts is logged.
const LASTS_MS: u64 = 3_000;

/// What the log says about the Sentinels. Times are given by the caller.
#[derive(Debug, Default)]
pub(super) struct SentinelLog {
    of: HashMap<HostPort, Logged>,
    /// Since when there is no majority, and whether that is logged.
    undecided: Lasting,
}

/// What the log says about one Sentinel.
#[derive(Debug, Default)]
struct Logged {
    /// Whether it gives reports; `None` before the first answer.
    is_reached: Option<bool>,
    /// Since when it contradicts the majority, and whether that is logged.
    differs: Lasting,
    /// Whether the log says that it refuses the subscription.
    is_unsubscribed: bool,
}

/// A state that is logged once it has lasted.
#[derive(Debug, Default)]
struct Lasting {
    since_ms: Option<u64>,
    is_logged: bool,
}

/// What to log about such a state.
#[derive(PartialEq, Eq)]
enum Turn {
    Begun,
    Ended,
}

impl Lasting {
    fn note(&mut self, is_so: bool, now_ms: u64) -> Option<Turn> {
        if !is_so {
            self.since_ms = None;
            return std::mem::take(&mut self.is_logged).then_some(Turn::Ended);
        }
        let since_ms = *self.since_ms.get_or_insert(now_ms);
        let is_due = !self.is_logged && now_ms.saturating_sub(since_ms) >= LASTS_MS;
        self.is_logged |= is_due;
        is_due.then_some(Turn::Begun)
    }
}

impl SentinelLog {
    /// Logs how the Sentinels' answers differ from what is logged.
    pub(super) fn note(&mut self, sentinels: &Sentinels, now_ms: u64) {
        let members = sentinels.members();
        self.of.retain(|addr, _| members.iter().any(|member| member.addr == *addr));
        let said = sentinels.authority();
        for member in members {
            let logged = self.of.entry(member.addr.clone()).or_default();
            logged.note_reach(member);
            let differs = said.is_some() && member.report().is_some() && !sentinels.agrees(member);
            let turn = logged.differs.note(differs, now_ms);
            if let (Some(turn), Some(own), Some(said)) = (turn, member.report(), &said) {
                let sentinel = &member.addr;
                match turn {
                    Turn::Begun => tracing::warn!(
                        %sentinel,
                        "Sentinel disagrees: it names {} in epoch {}, the majority {} in epoch {}",
                        own.master, own.epoch, said.master, said.epoch
                    ),
                    Turn::Ended => tracing::info!(%sentinel, "Sentinel agrees again"),
                }
            }
        }
        let is_undecided = said.is_none() && !members.is_empty() && !sentinels.is_early();
        match self.undecided.note(is_undecided, now_ms) {
            Some(Turn::Begun) => {
                let reached = members.iter().filter(|member| member.report().is_some()).count();
                tracing::error!(
                    known = members.len(),
                    reached,
                    "no majority of the Sentinels names a master; the servers' reports decide"
                );
            }
            Some(Turn::Ended) => {
                tracing::info!("a majority of the Sentinels names a master again");
            }
            None => {}
        }
    }

    /// Notes that a Sentinel's events arrive.
    pub(super) fn subscribed(&mut self, addr: &HostPort) {
        if let Some(logged) = self.of.get_mut(addr)
            && std::mem::take(&mut logged.is_unsubscribed)
        {
            tracing::info!(sentinel = %addr, "Sentinel's events arrive again");
        }
    }

    /// Notes that a Sentinel's events do not arrive. If it cannot be reached, its polls say so.
    pub(super) fn unsubscribed(&mut self, addr: &HostPort, fault: &SentinelFault) {
        let Some(logged) = self.of.get_mut(addr) else { return };
        let is_reached = logged.is_reached == Some(true);
        if is_reached && !std::mem::replace(&mut logged.is_unsubscribed, true) {
            tracing::warn!(
                sentinel = %addr,
                "Sentinel's events do not arrive, so it is only polled: {fault}"
            );
        }
    }
}

impl Logged {
    fn note_reach(&mut self, member: &Member) {
        let sentinel = &member.addr;
        match (&member.heard, self.is_reached) {
            (Heard::Nothing, _)
            | (Heard::Report(_), Some(true))
            | (Heard::Fault(_), Some(false)) => {
                return;
            }
            (Heard::Report(_), Some(false)) => tracing::info!(%sentinel, "Sentinel is back"),
            (Heard::Report(_), None) => tracing::info!(%sentinel, "Sentinel added"),
            (Heard::Fault(why), _) => tracing::warn!(%sentinel, "Sentinel lost: {why}"),
        }
        self.is_reached = Some(member.report().is_some());
    }
}

/// Logs the statement that counts from now on.
pub(super) fn statement(statement: &Authority) {
    tracing::info!(
        epoch = statement.epoch,
        "a majority of the Sentinels names {} as the master",
        statement.master
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lasts_is_logged_and_only_once() {
        let mut lasting = Lasting::default();
        assert!(lasting.note(true, 0).is_none() && lasting.note(true, LASTS_MS - 1).is_none());
        assert!(lasting.note(false, LASTS_MS).is_none(), "a moment");
        assert!(lasting.note(true, 5_000).is_none());
        assert!(lasting.note(true, 5_000 + LASTS_MS) == Some(Turn::Begun));
        assert!(lasting.note(true, 6_000 + LASTS_MS).is_none());
        assert!(lasting.note(false, 7_000 + LASTS_MS) == Some(Turn::Ended));
        assert!(lasting.note(false, 8_000 + LASTS_MS).is_none());
    }
}
