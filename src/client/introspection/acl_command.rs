//! ACL, where the configuration names users: from those users.

use std::sync::Arc;

use crate::client::batch::batch::Batch;
use crate::client::batch::local_reply;
use crate::client::request::{Next, Request};
use crate::client::state::client::Client;
use crate::registry::unix_ms;
use crate::tls;
use tidegate_acl::{AclCommand, Asking, answer};
use tidegate_wire::command::Resolved;
use tidegate_wire::resp::Args;

const IN_FILE: &str = "ERR Users are changed in the proxy's configuration; PROXY RELOAD reads it";
const IN_TRANSACTION: &str = "ERR ACL is not allowed in transactions here";

/// Whether the request is answered here.
pub(in crate::client) fn applies(client: &Client, command: Option<&Resolved<'_>>) -> bool {
    let is_acl = |name: &str| name == "acl" || name.starts_with("acl|");
    client.config.accounts.are_named && command.is_some_and(|command| is_acl(command.name))
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
    let args = Args::new(request.frame).to_vec();
    let command = match AclCommand::parse(&args) {
        Ok(command) if command.changes_users() => Err(IN_FILE.to_owned()),
        Ok(AclCommand::Load | AclCommand::Save) => Err(IN_FILE.to_owned()),
        other => other,
    };
    let command = match command {
        Ok(command) => command,
        Err(error) => return local_reply::error(client, batch, request.shown, &error),
    };
    batch.flush(&client.inbox);
    let mut random = vec![0; command.random_bytes()];
    tls::random(&mut random);
    let config = Arc::clone(&client.config);
    let asking = Asking {
        version: client.session.version,
        username: client.session.user().name().as_bytes(),
        now_ms: unix_ms(),
        random: &random,
    };
    let mut reply = Vec::new();
    let mut log = client.worker.shared.registry.refusals.log();
    answer(&command, &mut config.accounts.acl.clone(), &mut log, &asking, &mut reply);
    drop(log);
    client.reply(request.shown, |out| out.extend_from_slice(&reply));
    Next::Done
}
