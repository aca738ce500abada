//! What may wait for a client that does not take its replies.
//!
//! Requests of a client are held back while its replies wait, and so is the server where the client
//! has a connection of its own. So only a client for which neither is possible meets a limit: one
//! whose requests were under way before their replies proved large, or one to which a server talks
//! unasked. A client that takes replies, however slowly, is closed only in the latter case.

use super::client::{Client, Ending};
use crate::registry::Closing;
use tidegate_wire::units::millis;

/// A client that has more waiting than it may is closed when it has taken nothing for this long, in
/// milliseconds.
const PATIENCE_MS: u64 = 3000;

/// A client that has more waiting than it may.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overrun {
    /// Since when, or since when it has taken nothing, in milliseconds of the process's clock.
    since_ms: u64,
    /// What it had taken then.
    taken: u64,
}

impl Client {
    /// Ends it if more waits for it than may.
    #[inline]
    pub(super) fn check_output(&mut self) {
        let proxy = &self.config.proxy;
        let bytes = self.output_bytes();
        let limit = if self.session.subscriptions.any() {
            let class = &proxy.client_output_buffer_limit_pubsub;
            class.hard_bytes().min(class.soft_bytes())
        } else {
            proxy.output_limit()
        };
        if bytes <= limit {
            self.overrun = None;
        } else if self.ending != Some(Ending::Now) {
            self.overruns(bytes);
        }
    }

    /// It has more waiting than it may, or may for long.
    fn overruns(&mut self, bytes: usize) {
        let now_ms = self.worker.shared.now_ms();
        let taken = self.taken;
        let overrun = *self.overrun.get_or_insert(Overrun { since_ms: now_ms, taken });
        let waited = now_ms.saturating_sub(overrun.since_ms);
        let is_over = if self.session.subscriptions.any() {
            let class = &self.config.proxy.client_output_buffer_limit_pubsub;
            bytes > class.hard_bytes() || waited >= millis(class.soft_for)
        } else if self.session.is_streaming()
            || self.parked.bytes() > self.config.proxy.output_limit()
        {
            // It has no part in what waits.
            true
        } else if taken != overrun.taken {
            self.overrun = Some(Overrun { since_ms: now_ms, taken });
            false
        } else {
            waited >= PATIENCE_MS
        };
        if is_over {
            self.worker.counts.output_limit_kills.increment();
            let text = "closed at client-output-buffer-limit";
            self.close(Closing::OutputLimit, Ending::Now, text);
        } else {
            self.worker.wake_at_tick(&self.inbox);
        }
    }
}
