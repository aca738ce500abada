//! CPU time and memory of processes, from /proc.

use std::fs;
use std::io;
use std::str::FromStr;
use std::time::Duration;

/// A process to watch, under a name for the report.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) label: String,
    pid: u32,
}

impl FromStr for Watched {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (label, pid) = text.split_once('=').ok_or("expected LABEL=PID")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if label.is_empty() || !label.chars().all(plain) {
            return Err("a label has letters, digits, '-', '_' and '.' only".to_owned());
        }
        let pid = pid.parse().map_err(|_| format!("not a process id: {pid}"))?;
        Ok(Self { label: label.to_owned(), pid })
    }
}

impl Watched {
    /// This process.
    pub(crate) fn load() -> Self {
        Self { label: "load".to_owned(), pid: std::process::id() }
    }

    /// User and system time of all threads so far.
    pub(crate) fn cpu(&self) -> io::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The name in parentheses may hold anything, so count from its end.
        let fields = stat.rsplit_once(')').map(|(_, rest)| rest);
        let ticks = fields.into_iter().flat_map(str::split_ascii_whitespace).skip(11).take(2);
        sum(ticks)
    }

    /// Resident memory in KiB.
    pub(crate) fn rss(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        status
            .lines()
            .find_map(|line| {
                line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok()
            })
            .ok_or_else(|| io::Error::other("no VmRSS"))
    }
}

/// Busy time of all cores: everything but idle, iowait and stolen time.
pub(crate) fn machine() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    let first = stat.lines().next().unwrap_or_default();
    let fields: Vec<_> = first.split_ascii_whitespace().skip(1).collect();
    let busy = [0, 1, 2, 5, 6].into_iter().filter_map(|at| fields.get(at).copied());
    sum(busy)
}

/// Clock ticks; Linux shows them in hundredths of a second on every architecture.
fn sum<'a>(ticks: impl Iterator<Item = &'a str>) -> io::Result<Duration> {
    let mut total = 0;
    for tick in ticks {
        total += tick.parse::<u64>().map_err(io::Error::other)?;
    }
    Ok(Duration::from_millis(total * 10))
}
