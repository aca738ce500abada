//! A read that a client waits for: `XREAD ... BLOCK`.

use std::rc::Rc;
use std::sync::Arc;

use super::port_context::PortContext;
use crate::registry::Entry;
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
    /// The client's id. The context has it among those that wait until this value is dropped.
    id: u64,
    context: Rc<PortContext>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.context.blocked.remove(self.id);
    }
}

impl Waiting {
    /// The client begins to wait.
    pub(super) fn begin(
        read: WaitingRead,
        command: &'static Command,
        until_ms: Option<u64>,
        (context, entry): (&Rc<PortContext>, &Arc<Entry>),
    ) -> Self {
        context.blocked.add(entry);
        let (id, context) = (entry.id, Rc::clone(context));
        Self { read, command, until_ms, seen: None, id, context }
    }

    /// Returns the bytes of the request.
    pub(super) fn bytes(&self) -> usize {
        self.read.bytes()
    }
}
