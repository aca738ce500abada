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
pub(super) struct Life(Cell<Instant>);

impl Life {
    /// The life of a connection that begins now.
    pub(super) fn begin() -> Self {
        Self(Cell::new(Instant::now() + TOTAL))
    }

    /// The client has taken an event.
    pub(super) fn prolong(&self) {
        self.0.set(Instant::now() + SLOW);
    }

    /// Waits until the life is over.
    pub(super) async fn over(&self) {
        while Instant::now() < self.0.get() {
            sleep_until(self.0.get()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn events_prolong_it_and_silence_ends_it() {
        let (begin, life) = (Instant::now(), Life::begin());
        life.over().await;
        assert_eq!(begin.elapsed().as_secs(), TOTAL.as_secs());
        let (begin, life) = (Instant::now(), Life::begin());
        let takes = async {
            for _ in 0..100 {
                life.prolong();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! { () = takes => {}, () = life.over() => {} }
        assert_eq!(begin.elapsed().as_secs(), 99 + SLOW.as_secs());
    }
}
