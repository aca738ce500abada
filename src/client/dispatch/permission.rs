//! Whether a client's user may make a request, by its access control list.

use crate::client::state::client::Client;
use crate::session::acl_command;
use tidegate_acl::{Denied, Frame};
use tidegate_wire::command::{Command, Effect, ProxyCommand, Resolved};
use tidegate_wire::resp::request::Request as Scanned;

/// What a user has to be allowed to say PROXY FAILOVER and the like: they change the servers.
const OPERATORS: [&str; 4] = ["CONFIG", "SET", "maxmemory", "0"];

/// Whether a request, which is an array of strings, may go straight to a server: the client's user
/// may make it, and the proxy does not answer it from its own users.
#[inline]
pub(in crate::client) fn allows(
    client: &Client,
    command: &Command,
    frame: &[u8],
    scanned: &Scanned,
) -> bool {
    let accounts = &client.config.accounts;
    if accounts.are_named && acl_command::is_acl(command.name) {
        return false;
    }
    let Some(user) = &client.session.rights else { return true };
    user.check(accounts.acl.catalog(), &Frame::of(frame, scanned)).is_ok()
}

/// The error for a request that the client's user may not make; `None` if it may. `ACL LOG` gets it.
pub(in crate::client) fn denied(
    client: &Client,
    command: Option<&Resolved<'_>>,
    frame: &[u8],
) -> Option<String> {
    let user = client.session.rights.as_ref()?;
    let catalog = client.config.accounts.acl.catalog();
    match command.map(|command| command.effect) {
        Some(Effect::Proxy(own)) if !changes(own) => None,
        Some(Effect::Proxy(_)) => {
            user.check(catalog, &&OPERATORS[..]).err().map(|denied| noted(client, &denied))
        }
        _ => user.check(catalog, &Frame::new(frame)).err().map(|denied| noted(client, &denied)),
    }
}

fn noted(client: &Client, denied: &Denied<'_>) -> String {
    let (shared, is_queued) = (&client.worker.shared, client.session.transaction.is_open());
    let of = (&client.session, &*client.entry);
    shared.registry.refusals.denied(denied, of, is_queued, shared.now_ms())
}

/// Whether a subcommand of PROXY changes more than the client's own session.
const fn changes(command: ProxyCommand) -> bool {
    matches!(
        command,
        ProxyCommand::Failover | ProxyCommand::Hold | ProxyCommand::Release | ProxyCommand::Reload
    )
}
