//! What becomes of a client that does not take its replies.

use super::unread::{Limit, Verdict};
use crate::client::client::{Client, Ending};
use crate::registry::Closing;
use tidegate_wire::units::millis;

impl Client {
    /// Ends it if more waits for it than may.
    #[inline]
    pub(in crate::client) fn check_output(&mut self) {
        let (bytes, limit) = (self.output_bytes(), self.output_limit());
        if bytes <= limit.bytes() {
            self.unread.is_within();
        } else if self.ending() != Some(Ending::Now) {
            self.overruns(bytes, limit);
        }
    }

    /// What may wait for it.
    fn output_limit(&self) -> Limit {
        let proxy = &self.config.proxy;
        if self.session.subscriptions.any() {
            let class = &proxy.client_output_buffer_limit_pubsub;
            let (hard, soft) = (class.hard_bytes(), class.soft_bytes());
            Limit::Subscriber { hard, soft, soft_for_ms: millis(class.soft_for) }
        } else if self.session.is_streaming() || self.parked.bytes() > proxy.output_limit() {
            Limit::Unasked(proxy.output_limit())
        } else {
            Limit::Replies(proxy.output_limit())
        }
    }

    fn overruns(&mut self, bytes: usize, limit: Limit) {
        match self.unread.judge(bytes, limit, self.worker.shared.now_ms()) {
            Verdict::Within => {}
            Verdict::Watched => self.worker.wake_at_tick(&self.inbox),
            Verdict::Over => {
                self.worker.counts.output_limit_kills.increment();
                let text = "closed at client-output-buffer-limit";
                self.close(Closing::OutputLimit, Ending::Now, text);
            }
        }
    }
}
