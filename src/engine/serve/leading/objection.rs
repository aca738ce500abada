//! Why the engine as a master does not run a command now.

use crate::config::Config;
use crate::engine::serve::client::Client;
use crate::engine::serve::held::Held;
use tidegate_store::{CommandError, Store};
use tidegate_wire::command::Command;

impl Client {
    /// Returns why a master does not run a known command now.
    pub(in crate::engine::serve) fn masters_objection(
        &self,
        config: &Config,
        held: &mut Held<'_>,
        command: &Command,
        args: &[&[u8]],
    ) -> Option<CommandError> {
        if !self.context.engine.leads() {
            return None;
        }
        if self.context.lacks_memory(config, held, args) {
            return Some(Store::OUT_OF_MEMORY);
        }
        if command.may_write
            && let Some(error) = self.context.engine.write_objection(config)
        {
            return Some(CommandError::of(error));
        }
        let lacks_replicas = command.may_write && !self.context.has_good_replicas(config);
        lacks_replicas.then_some(CommandError::NO_REPLICAS)
    }
}
