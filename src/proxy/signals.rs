//! The signals of the process, and SHUTDOWN at the engine's port.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

/// What a signal, or SHUTDOWN, orders the process to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// End: SIGTERM, SIGINT or SHUTDOWN.
    End,
    /// Read the configuration file again: SIGHUP.
    Reload,
}

/// The handlers of the process's signals. A signal that arrives while nothing waits for it is
/// kept for [`Signals::next`] or [`Signals::end`].
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    /// Notified when a client of the engine's port sends SHUTDOWN.
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
    pub(super) async fn next(&mut self) -> Order {
        tokio::select! {
            _ = self.terminate.recv() => Order::End,
            _ = self.interrupt.recv() => Order::End,
            () = self.shutdown.notified() => Order::End,
            _ = self.hangup.recv() => Order::Reload,
        }
    }

    /// Waits until the process has to end. SIGHUP is kept for [`Signals::next`]. Nothing is lost if
    /// the future is dropped.
    pub(super) async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = self.shutdown.notified() => {}
        }
    }
}
