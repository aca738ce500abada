//! Ends a client that does not take its replies.

use crate::client::ending::Ending;
use crate::client::state::client::Client;
use crate::client::state::replies::unread::{Limit, Verdict};
use crate::registry::Closing;
use tidegate_wire::units::millis;

/// Ends the client if it has more pending output than it may.
#[inline]
pub(in crate::client) fn check(client: &mut Client) {
    let bytes = client.output_bytes();
    if bytes == 0 {
        return client.unread.is_within();
    }
    let limit = output_limit(client);
    if bytes <= limit.bytes() {
        client.unread.is_within();
    } else if client.ending() != Some(Ending::Now) {
        overruns(client, bytes, limit);
    }
}

/// The limit of its pending output.
fn output_limit(client: &Client) -> Limit {
    let proxy = &client.config.proxy;
    if client.session.subscriptions.any() {
        let class = &proxy.client_output_buffer_limit_pubsub;
        let (hard, soft) = (class.hard_bytes(), class.soft_bytes());
        Limit::Subscriber { hard, soft, soft_for_ms: millis(class.soft_for) }
    } else if client.session.is_streaming() || client.parked.bytes() > proxy.output_limit() {
        Limit::Unasked(proxy.output_limit())
    } else {
        Limit::Replies(proxy.output_limit())
    }
}

fn overruns(client: &mut Client, bytes: usize, limit: Limit) {
    match client.unread.judge(bytes, limit, client.worker.shared.now_ms()) {
        Verdict::Within => {}
        Verdict::Watched => client.worker.wake_at_tick(&client.inbox),
        Verdict::Over => {
            client.worker.counts.output_limit_kills.increment();
            let text = "closed at client-output-buffer-limit";
            client.close(Closing::OutputLimit, Ending::Now, text);
        }
    }
}
