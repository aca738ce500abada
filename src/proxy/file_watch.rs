//! Notices when the files of certificates, passwords and users change. Never reads them.
//!
//! It asks for their sizes, times and numbers every few seconds: tools replace such files in many ways
//! (a new file, a link in a directory above, as Kubernetes does), and in no hurry.

use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::config::Config;

/// The time between two looks.
const PERIOD: Duration = Duration::from_secs(2);

/// What the system says of each file; `None` of one that is missing.
type Seen = Vec<(String, Option<(u64, u64, i64, i64)>)>;

/// A watch of the files that a configuration names.
#[derive(Debug)]
pub(super) struct FileWatch {
    ticks: Interval,
    /// As the files were when they were read last.
    read: Seen,
    /// As they were at the last look.
    last: Seen,
}

impl FileWatch {
    /// A watch of the files of `config`, which were read just now.
    pub(super) fn new(config: &Config) -> Self {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let seen = look(config);
        Self { ticks, last: seen.clone(), read: seen }
    }

    /// Waits until it is time for the next look.
    pub(super) async fn tick(&mut self) {
        self.ticks.tick().await;
    }

    /// Whether the files are to be read now: they have changed since they were read, and did not since
    /// the last look. A certificate and its key are seldom replaced at the same moment.
    pub(super) fn is_due(&mut self, config: &Config) -> bool {
        let seen = look(config);
        let is_quiet = seen == self.last;
        self.last = seen;
        let is_due = is_quiet && self.last != self.read;
        if is_due {
            self.read.clone_from(&self.last);
        }
        is_due
    }
}

fn look(config: &Config) -> Seen {
    let state = |path: &str| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.ino(), found.size(), found.mtime(), found.mtime_nsec()))
    };
    config.other_files().map(|path| (path.to_owned(), state(path))).collect()
}
