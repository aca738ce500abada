//! ACL, where the configuration names users: from those users.

use crate::client::batch::batch::Batch;
use crate::client::batch::local_reply;
use crate::client::request::{Next, Request};
use crate::client::state::client::Client;
use crate::session::acl_command;
use crate::telemetry::unix_ms;
use crate::tls;
use tidegate_wire::command::Resolved;
use tidegate_wire::resp::Args;

const IN_TRANSACTION: &str = "ERR ACL is not allowed in transactions here";

/// Whether the request is answered here.
pub(in crate::client) fn applies(client: &Client, command: Option<&Resolved<'_>>) -> bool {
    let is_acl = command.is_some_and(|command| acl_command::is_acl(command.name));
    is_acl && client.config.accounts.are_named
}

/// Answers it.
pub(in crate::client) fn send(
    client: &mut Client,
    batch: &mut Batch<'_>,
    request: &Request<'_>,
) -> Next {
    if client.session.transaction.is_open() {
        client.session.transaction.refuse();
        return local_reply::error(client, batch, request.shown, IN_TRANSACTION);
    }
    batch.flush(&client.inbox);
    let (args, mut reply) = (Args::new(request.frame).to_vec(), Vec::new());
    let mut log = client.worker.shared.registry.refusals.log();
    let users = (&client.config.accounts.acl, &mut *log);
    acl_command::answer(&client.session, &args, users, (unix_ms(), tls::random), &mut reply);
    drop(log);
    client.reply(request.shown, |out| out.extend_from_slice(&reply));
    Next::Done
}
