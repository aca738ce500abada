//! What executes or applies commands appends them to the file here, and waits here for the disk.

use std::task::{Context, Poll};

use crate::config::Config;
use crate::engine::Engine;
use crate::engine::state::{History, LinkInfo};
use tidegate_wire::units::ReplOffset;

impl Engine {
    /// Appends bytes of the stream to the append-only file, if there is one. They are whole
    /// commands, and the next bytes for `info.source`.
    pub(in crate::engine) fn log_stream(&self, info: &LinkInfo, bytes: &[u8]) {
        if !self.aof.is_on() || bytes.is_empty() {
            return;
        }
        self.aof.append(history_of(info), info.source.backlog().last(), bytes);
        self.aof.wake();
    }

    /// Writes the new name of the history to the append-only file, if there is one. It comes before
    /// any replica is told the name: after a kill, what it has of the history must mean something.
    pub(in crate::engine) fn log_name(&self, info: &LinkInfo) {
        if self.aof.is_on() {
            self.aof.rename(history_of(info));
        }
    }

    /// Writes what was appended.
    pub(in crate::engine) fn log_flush(&self) {
        if self.aof.is_waiting() {
            self.aof.flush();
        }
    }

    /// Writes what was appended, and is ready when the replies to it may leave: at once, but for a
    /// master under `appendfsync always`.
    pub(in crate::engine) fn poll_log(&self, cx: &Context<'_>) -> Poll<()> {
        if !self.aof.is_on() || !self.leads() {
            return Poll::Ready(());
        }
        self.log_flush();
        self.aof.poll_settled(cx, self.aof.mark())
    }

    /// Returns the offset of the present history up to which a start finds the stream in the
    /// append-only file for sure; `None` while there is no such file (`server.fsynced_reploff`).
    pub(in crate::engine) fn synced(&self) -> Option<ReplOffset> {
        let place = self.aof.durable_place()?;
        let identity = self.link_info().identity;
        let is_former = |(replid, first)| replid == place.replid && place.offset < first;
        let is_known =
            identity.replid() == place.replid || identity.second().is_some_and(is_former);
        is_known.then_some(place.offset)
    }

    /// Why a master refuses writes now (`writeCommandsDeniedByDiskError`); `None` if it does not.
    #[must_use]
    pub fn write_objection(&self, config: &Config) -> Option<String> {
        if self.aof.is_on() && self.aof.has_failed() {
            let failure = self.aof.failure();
            let why = failure.as_ref().map_or_else(String::new, system_text);
            return Some(format!("MISCONF Errors writing to the AOF file: {why}"));
        }
        let replica = &config.replica;
        let is_due = replica.stop_writes_on_bgsave_error && !replica.save.0.is_empty();
        (is_due && self.saves.last_failed()).then(|| {
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to \
             persist to disk. Commands that may modify the data set are disabled, because this \
             instance is configured to report errors during writes if RDB snapshotting fails \
             (stop-writes-on-bgsave-error option). Please check the Redis logs for details about \
             the RDB error."
                .to_owned()
        })
    }
}

fn history_of(info: &LinkInfo) -> History {
    History { replid: info.identity.replid(), second: info.identity.second() }
}

/// The text of the system for an error, as `strerror` has it.
fn system_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_read_as_the_system_says_them() {
        let full = std::io::Error::from_raw_os_error(28);
        assert_eq!(system_text(&full), "No space left on device");
    }
}
