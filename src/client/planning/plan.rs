//! The plan of one client's request: what is to be done with it, and why.

use crate::client::planning::lockout::lockout;
use crate::client::state::client::Client;
use crate::routing::plan::Request;
use crate::routing::{self, Plan};
use crate::topology::Shard;
use tidegate_wire::command::{Access, Resolved};

/// The plan of a request of `argc` arguments, which `arg` finds by their index.
pub(in crate::client) fn plan<'a>(
    client: &Client,
    shard: &Shard,
    command: Option<&Resolved<'_>>,
    argc: usize,
    arg: &dyn Fn(usize) -> Option<&'a [u8]>,
) -> Plan {
    let is_admin = command.is_some_and(|command| command.access == Access::Admin);
    let locks_out = is_admin && {
        let args: Vec<&[u8]> = (0..argc).map_while(arg).collect();
        lockout(&client.config.topology, &args).is_some()
    };
    let arg = &|at| arg(at).unwrap_or_default();
    let has_connection = client.dedicated.exists();
    let request = Request { command, argc, arg, has_connection, locks_out };
    routing::plan(&request, &client.session, shard, &client.policy(), client.worker.now_ms())
}
