//! A read that a client waits for: `XREAD ... BLOCK`.

use std::rc::Rc;

use super::port_context::PortContext;
use tidegate_store::WaitingRead;
use tidegate_wire::command::Command;
use tidegate_wire::units::ReplOffset;

/// A client that waits in a command.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) read: WaitingRead,
    pub(super) command: &'static Command,
    /// On the engine's clock; `None` is for ever.
    pub(super) until_ms: Option<u64>,
    /// The data it has seen.
    pub(super) seen: Option<ReplOffset>,
    /// Counts it, for as long as it waits.
    pub(super) context: Rc<PortContext>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.context.blocked.update(|blocked| blocked.saturating_sub(1));
    }
}

impl Waiting {
    /// Bytes of what it asked for.
    pub(super) fn bytes(&self) -> usize {
        self.read.bytes()
    }
}
