//! How long a connection may last.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How long a connection may last that answers with one page.
const TOTAL: Duration = Duration::from_secs(30);
/// How long a client may take nothing of the events that it watches. Above the time between two.
const SLOW: Duration = Duration::from_secs(10);

/// Until when a connection may last. A response of events prolongs it with each one.
#[derive(Debug)]
pub(super) struct Life {
    until: Cell<Instant>,
    slow: Duration,
}

impl Life {
    /// The life of a connection that begins now.
    pub(super) fn begin() -> Self {
        Self::of(TOTAL, SLOW)
    }

    fn of(total: Duration, slow: Duration) -> Self {
        Self { until: Cell::new(Instant::now() + total), slow }
    }

    /// The client has taken an event.
    pub(super) fn prolong(&self) {
        self.until.set(Instant::now() + self.slow);
    }

    /// Waits until the life is over. The first event makes it shorter, so it looks again soon.
    pub(super) async fn over(&self) {
        let soon = self.slow.min(Duration::from_secs(1));
        while Instant::now() < self.until.get() {
            sleep_until(self.until.get().min(Instant::now() + soon)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn events_prolong_it_and_silence_ends_it() {
        let ms = Duration::from_millis;
        let (begin, life) = (Instant::now(), Life::of(ms(20), ms(60)));
        life.over().await;
        assert!(begin.elapsed() >= ms(20));
        let (begin, life) = (Instant::now(), Life::of(Duration::from_secs(600), ms(60)));
        let takes = async {
            for _ in 0..10 {
                life.prolong();
                tokio::time::sleep(ms(10)).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! { () = takes => {}, () = life.over() => {} }
        assert!(begin.elapsed() >= ms(90 + 60) && begin.elapsed() < Duration::from_secs(60));
    }
}
