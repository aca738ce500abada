//! The task that asks one Sentinel, again and again.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::fault::SentinelFault;
use super::news::{FromSentinel, News};
use super::questions::ask;
use super::setup::Setup;
use crate::config::HostPort;
use crate::monitor::asking::link::{Dial, Link, LinkError};
use crate::monitor::roster::contact::back_off;
use crate::sentinel::Report;

/// From one poll to the next.
const PERIOD: Duration = Duration::from_secs(1);
/// The least time between two polls, however many events come.
const GAP: Duration = Duration::from_millis(10);

/// Asks the Sentinel at `addr` once a second, and at once when `wake` is notified. A Sentinel that
/// gives no answer is asked again after a pause.
pub(super) async fn poll(
    setup: Arc<Setup>,
    addr: HostPort,
    wake: Arc<Notify>,
    news: mpsc::Sender<FromSentinel>,
) -> Infallible {
    let dial = setup.dial(&addr);
    let (mut link, mut failures) = (None, 0_u32);
    loop {
        let started = Instant::now();
        let outcome = ask_once(&mut link, &dial, &setup.master_name).await;
        let is_reached = outcome.is_ok() || link.is_some();
        failures = if is_reached { 0 } else { failures.saturating_add(1) };
        let polled = News::Polled(outcome.map(Box::new));
        // The monitor owns the receiver, and ends this task before it.
        drop(news.send(FromSentinel { addr: addr.clone(), news: polled }).await);
        if failures > 0 {
            sleep_until(Instant::now() + back_off(failures - 1)).await;
        } else {
            // A timeout is the end of the period.
            drop(timeout_at(started + PERIOD, wake.notified()).await);
            sleep_until(started + GAP).await;
        }
    }
}

/// Asks over `link`, or over a new connection. `link` is empty afterwards if it cannot be used
/// again.
async fn ask_once(
    link: &mut Option<Link>,
    dial: &Dial,
    master_name: &str,
) -> Result<Report, SentinelFault> {
    if let Some(mut open) = link.take() {
        match ask(&mut open, master_name).await {
            // The Sentinel closed it, or was restarted: only a new connection shows whether it
            // works.
            Err(SentinelFault::Link(LinkError::Io(_))) => {}
            outcome => return keep(link, open, outcome),
        }
    }
    let mut open = Link::open(dial).await?;
    let outcome = ask(&mut open, master_name).await;
    keep(link, open, outcome)
}

/// Keeps the connection, unless the exchange on it failed.
fn keep(
    link: &mut Option<Link>,
    open: Link,
    outcome: Result<Report, SentinelFault>,
) -> Result<Report, SentinelFault> {
    if !matches!(outcome, Err(SentinelFault::Link(_))) {
        *link = Some(open);
    }
    outcome
}
