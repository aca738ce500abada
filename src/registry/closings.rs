//! Counts the clients that the proxy closed, by reason, so that the log gets a line for the first
//! one, the second, the fourth, and so on.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use tidegate_wire::units::PeerAddr;

/// The time without a client closed for a reason, in milliseconds, after which its count begins
/// again.
const FORGET_MS: u64 = 60_000;

/// Why the proxy closed a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// More replies waited for the client than `client-output-buffer-limit` allows.
    OutputLimit,
    /// The client sent a request longer than `query-buffer-limit`.
    QueryLimit,
    /// The client speaks HTTP.
    Http,
    /// The server fell silent, or its connection was lost, in the middle of a reply.
    HalfReply,
    /// The client's dedicated connection was lost.
    Lost,
    /// The server of the client's dedicated connection is no longer a master.
    Demoted,
    /// The client's connection for redirected invalidations was lost.
    Invalidations,
}

const REASONS: usize = Closing::Invalidations as usize + 1;

/// How many clients were closed lately for each reason. Times are milliseconds of the caller's
/// clock.
#[derive(Debug, Default)]
pub struct Closings(Mutex<[Series; REASONS]>);

#[derive(Clone, Copy, Debug, Default)]
struct Series {
    count: u32,
    last_ms: u64,
}

impl Closings {
    /// Counts that the client at `addr` is closed, and logs it with `text` at times.
    pub fn log(&self, reason: Closing, client: &PeerAddr, text: impl fmt::Display, now_ms: u64) {
        let Some(times) = self.count(reason, now_ms) else { return };
        match reason {
            Closing::Lost | Closing::Demoted | Closing::Invalidations => {
                tracing::info!(%client, times, "{text}");
            }
            _ => tracing::warn!(%client, times, "{text}"),
        }
    }

    /// Counts a client that is closed for this reason. Returns how many were lately, if the log is
    /// to get a line.
    pub fn count(&self, reason: Closing, now_ms: u64) -> Option<u32> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let series = &mut all[reason as usize];
        let is_forgotten = now_ms >= series.last_ms.saturating_add(FORGET_MS);
        let before = if is_forgotten { 0 } else { series.count };
        *series = Series { count: before.saturating_add(1), last_ms: now_ms };
        series.count.is_power_of_two().then_some(series.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_logged_ever_more_seldom() {
        let closings = Closings::default();
        let logged = |reason, now_ms| -> Vec<u32> {
            (0..300).filter_map(|_| closings.count(reason, now_ms)).collect()
        };
        assert_eq!(logged(Closing::Http, 5), [1, 2, 4, 8, 16, 32, 64, 128, 256]);
        assert_eq!(closings.count(Closing::Lost, 6), Some(1), "each reason for itself");
        assert_eq!(closings.count(Closing::Http, FORGET_MS + 4), None);
        assert_eq!(closings.count(Closing::Http, 2 * FORGET_MS + 4), Some(1), "after a quiet time");
    }
}
