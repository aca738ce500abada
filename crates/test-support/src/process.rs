//! A child process with a log file, ended by its exact pid.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How much of a log a panic shows.
const LOG_TAIL_BYTES: usize = 4096;

/// A running (or ended) child. Dropping it kills and reaps it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log_path: PathBuf,
    /// Where this run's part of the log begins; a restarted server appends to the same file.
    log_start: usize,
    /// Set once reaped: from then on the pid may belong to another process.
    exit_status: Option<ExitStatus>,
}

impl Process {
    /// Starts `command` with both output streams appended to `log_path`.
    pub fn start(command: &mut Command, log_path: &Path) -> Self {
        Self::start_with_stdin(command, log_path, Stdio::null())
    }

    /// As [`Self::start`], with this as its standard input.
    pub fn start_with_stdin(command: &mut Command, log_path: &Path, stdin: Stdio) -> Self {
        let log = OpenOptions::new().create(true).append(true).open(log_path).unwrap();
        let log_start = usize::try_from(log.metadata().unwrap().len()).unwrap();
        let stderr: File = log.try_clone().unwrap();
        command.stdin(stdin).stdout(log).stderr(stderr);
        let child = command.spawn().unwrap_or_else(|error| panic!("start {command:?}: {error}"));
        Self { child, log_path: log_path.to_owned(), log_start, exit_status: None }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All that this run has logged so far.
    pub fn log(&self) -> String {
        let bytes = fs::read(&self.log_path).unwrap_or_default();
        String::from_utf8_lossy(bytes.get(self.log_start..).unwrap_or_default()).into_owned()
    }

    /// The end of the log, for panics.
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let tail = &log.as_bytes()[log.len().saturating_sub(LOG_TAIL_BYTES)..];
        format!("--- {} ---\n{}", self.log_path.display(), String::from_utf8_lossy(tail))
    }

    /// The status if the child has ended.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        if self.exit_status.is_none() {
            self.exit_status = self.child.try_wait().unwrap();
        }
        self.exit_status
    }

    /// Waits for the child to end by itself; `None` when it has not within `timeout`.
    pub fn wait_exit(&mut self, timeout: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + timeout;
        loop {
            let status = self.exit_status();
            if status.is_some() || Instant::now() >= deadline {
                return status;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends a signal by name, as `kill -s` knows it. An ended child is an error of the test.
    #[track_caller]
    pub fn signal(&mut self, name: &str) {
        assert!(self.exit_status().is_none(), "SIG{name} to an ended process\n{}", self.log_tail());
        // The shell's own `kill`: no `unsafe`, no further crate, no further program.
        let status = Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\"", name, &self.pid().to_string()])
            .status()
            .unwrap();
        assert!(status.success(), "kill -s {name} {}: {status}", self.pid());
    }

    /// SIGKILL, and waits until the child is gone. Harmless on an ended child.
    pub fn kill(&mut self) {
        if self.exit_status().is_none() {
            let _ = self.child.kill();
            self.exit_status = self.child.wait().ok();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
