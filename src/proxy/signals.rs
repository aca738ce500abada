//! The signals of the process, and SHUTDOWN at the engine's port.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

/// What the process was told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// To end: SIGTERM, SIGINT or SHUTDOWN.
    End,
    /// To read its configuration again: SIGHUP.
    Reload,
}

/// The handlers of the process's signals. A signal that arrives while nothing waits for it is
/// kept until [`Signals::next`] or [`Signals::end`] asks for it.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    /// Notified when a client of the engine's port says SHUTDOWN.
    shutdown: Arc<Notify>,
}

impl Signals {
    /// Installs the handlers. Until then SIGTERM and SIGHUP kill the process, so this comes before
    /// anything that may take time.
    pub(super) fn install(shutdown: Arc<Notify>) -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            shutdown,
        })
    }

    /// Waits for the next signal. Nothing is lost if the future is dropped.
    pub(super) async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::End,
            _ = self.interrupt.recv() => Told::End,
            () = self.shutdown.notified() => Told::End,
            _ = self.hangup.recv() => Told::Reload,
        }
    }

    /// Waits until the process is told to end. SIGHUP stays for [`Signals::next`]. Nothing is lost
    /// if the future is dropped.
    pub(super) async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = self.shutdown.notified() => {}
        }
    }
}
