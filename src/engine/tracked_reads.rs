//! Notes the keys that a client reads which tracks them (`trackingRememberKeys`).

use super::Engine;
use tidegate_wire::command::{Access, Command, Resolved};

impl Engine {
    /// Notes the keys that a client is about to read. A script's own request reads nothing: its
    /// commands do.
    pub(in crate::engine) fn note_read(
        &self,
        client: u64,
        command: &'static Command,
        args: &[&[u8]],
    ) {
        let is_script = matches!(command.name, "eval_ro" | "evalsha_ro" | "fcall_ro");
        if command.access != Access::Read || is_script {
            return;
        }
        let at = |at: usize| args.get(at).copied().unwrap_or_default();
        let keys = Resolved::from(command).keys.positions(args.len(), at).map(at);
        let max = self.config.load().replica.tracking_table_max_keys;
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        self.hub.tracking.read(client, keys, max);
    }
}
