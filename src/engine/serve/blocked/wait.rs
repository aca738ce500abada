//! A client that waits in a command.

use std::rc::Rc;
use std::sync::Arc;

use super::awaited::Awaited;
use crate::engine::serve::port_context::PortContext;
use crate::registry::Entry;
use tidegate_wire::command::Command;

/// A client that waits in a command.
#[derive(Debug)]
pub(in crate::engine::serve) struct Waiting {
    pub(super) awaited: Awaited,
    pub(super) command: &'static Command,
    /// The end of the wait on the engine's clock; `None` is for ever.
    pub(super) until_ms: Option<u64>,
    /// The client's id. The context has it among those that wait until this value is dropped.
    id: u64,
    context: Rc<PortContext>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.context.blocked.remove(self.id);
        if matches!(self.awaited, Awaited::Keys { .. }) {
            self.context.lead.borrow_mut().stop_waiting(self.id);
        }
    }
}

impl Waiting {
    /// The client begins to wait.
    pub(super) fn begin(
        awaited: Awaited,
        command: &'static Command,
        timeout_ms: Option<u64>,
        (context, entry): (&Rc<PortContext>, &Arc<Entry>),
    ) -> Self {
        // A CLIENT UNBLOCK for an earlier wait does not count.
        entry.take_unblocked();
        context.blocked.add(entry, &awaited);
        let until_ms = timeout_ms.map(|timeout| context.now_ms().saturating_add(timeout));
        let (id, context) = (entry.id, Rc::clone(context));
        Self { awaited, command, until_ms, id, context }
    }

    /// Returns the bytes of the request.
    pub(in crate::engine::serve) fn bytes(&self) -> usize {
        self.awaited.bytes()
    }
}
