//! A read that a client waits for: `XREAD ... BLOCK`.

use std::rc::Rc;

use super::port_context::PortContext;
use tidegate_store::WaitingRead;
use tidegate_wire::command::Command;
use tidegate_wire::units::ReplOffset;

/// A read for which a client waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) read: WaitingRead,
    pub(super) command: &'static Command,
    /// The end of the wait on the engine's clock; `None` is for ever.
    pub(super) until_ms: Option<u64>,
    /// The offset of the data at the last check.
    pub(super) seen: Option<ReplOffset>,
    /// Counts the client among those that wait, until this value is dropped.
    pub(super) context: Rc<PortContext>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.context.blocked.update(|blocked| blocked.saturating_sub(1));
    }
}

impl Waiting {
    /// Returns the bytes of the request.
    pub(super) fn bytes(&self) -> usize {
        self.read.bytes()
    }
}
