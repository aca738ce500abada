//! What the tasks of one Sentinel tell the monitor.

use super::fault::SentinelFault;
use crate::config::HostPort;
use crate::sentinel::{Event, Report};

/// News from or about one Sentinel.
#[derive(Debug)]
pub(in crate::monitor) struct FromSentinel {
    /// Its address, as proxy.toml or another Sentinel names it.
    pub(super) addr: HostPort,
    pub(super) news: News,
}

/// The kinds of news.
#[derive(Debug)]
pub(super) enum News {
    /// It answered, or why it gives no report.
    Polled(Result<Box<Report>, SentinelFault>),
    /// It has published an event about the master.
    Event(Event),
    /// Its events arrive from now on. Earlier ones may be missed.
    Subscribed,
    /// Its events do not arrive, for this reason.
    Unsubscribed(SentinelFault),
}

impl FromSentinel {
    /// A Sentinel's report, as its poll brings it.
    #[cfg(test)]
    pub(in crate::monitor) fn report(addr: HostPort, report: Report) -> Self {
        Self { addr, news: News::Polled(Ok(Box::new(report))) }
    }
}
