//! What one run counts, and what it still has to send.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::args::Args;

/// One request in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) key: u32,
    pub(crate) set: bool,
}

/// Where requests come from.
#[derive(Debug)]
pub(crate) struct Source {
    rng: fastrand::Rng,
    keys: u32,
    set_ratio: f64,
    /// The next key of a fill.
    fill: Option<u32>,
    /// Requests still to be sent; without a limit until the window closes.
    left: u64,
}

impl Source {
    pub(crate) fn new(args: &Args) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(args.seed),
            keys: args.keys,
            set_ratio: args.set_ratio,
            fill: args.fill.then_some(0),
            left: u64::MAX,
        }
    }

    pub(crate) fn limit(&mut self, requests: u64) {
        self.left = requests;
    }

    pub(crate) fn next(&mut self) -> Option<Op> {
        self.left = self.left.checked_sub(1)?;
        if let Some(key) = &mut self.fill {
            let op = Op { key: *key, set: true };
            *key += 1;
            return Some(op);
        }
        Some(Op { key: self.rng.u32(..self.keys), set: self.rng.f64() < self.set_ratio })
    }
}

/// Replies of the measured window; errors of the whole run.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) replies: u64,
    /// GETs of keys that do not exist.
    pub(crate) misses: u64,
    /// Nanoseconds from the write of a batch to the read of a reply.
    pub(crate) latency: Histogram<u32>,
    pub(crate) errors: Errors,
    counting: bool,
}

impl Tally {
    pub(crate) fn new() -> io::Result<Self> {
        let latency = Histogram::new_with_bounds(1, 60_000_000_000, 3).map_err(io::Error::other)?;
        Ok(Self { replies: 0, misses: 0, latency, errors: Errors::default(), counting: false })
    }

    pub(crate) fn open(&mut self) {
        self.counting = true;
    }

    pub(crate) fn close(&mut self) {
        self.counting = false;
    }

    pub(crate) fn record(&mut self, replies: usize, misses: u64, latency: Duration) {
        if self.counting && replies > 0 {
            self.replies += replies as u64;
            self.misses += misses;
            let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
            self.latency.saturating_record_n(nanos, u32::try_from(replies).unwrap_or(u32::MAX));
        }
    }
}

/// Errors by their text; only so many texts are kept.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    total: u64,
    kinds: BTreeMap<String, u64>,
}

const MAX_KINDS: usize = 16;

impl Errors {
    pub(crate) fn add(&mut self, text: &str) {
        self.total += 1;
        if let Some(count) = self.kinds.get_mut(text) {
            *count += 1;
        } else if self.kinds.len() < MAX_KINDS {
            self.kinds.insert(text.to_owned(), 1);
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn kinds(&self) -> impl Iterator<Item = (&str, u64)> {
        self.kinds.iter().map(|(text, count)| (text.as_str(), *count))
    }
}
