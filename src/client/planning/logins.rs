//! Commands about the session, with what a login needs besides: room for one more client of its user,
//! and a note of one that fails.

use crate::client::lost_connection;
use crate::client::planning::user_account::too_many;
use crate::client::state::client::Client;
use crate::session::{Identity, LoginPolicy, is_login, local};
use crate::topology::ServerVersion;
use tidegate_acl::{AuthError, Context, Refused};
use tidegate_wire::command::Resolved;
use tidegate_wire::resp::encode;

/// Runs a command that needs only the session, as [`local::answer`]; `args` begin with its name. A
/// login as a user that has as many clients as it may have is an error, and changes nothing.
pub(in crate::client) fn answer(
    client: &mut Client,
    server: &ServerVersion,
    (command, args): (&Resolved<'_>, &[&[u8]]),
    context: Context,
    out: &mut Vec<u8>,
) -> bool {
    let config = client.config.clone();
    let accounts = &config.accounts;
    let keeps_passwords = accounts.are_passed_on;
    let policy = LoginPolicy { acl: &accounts.acl, server, role: "master", keeps_passwords };
    if !is_login(command.effect, args.iter().copied()) {
        return local::answer(&mut client.session, command, args, policy, out);
    }
    let registry = &client.worker.shared.registry;
    let addr = client.entry.addr.host();
    // A request by itself has waited by now.
    if context == Context::Multi && registry.logins.must_wait(addr, client.worker.shared.now_ms()) {
        encode::error(out, &AuthError::WrongPassword.to_string());
        return true;
    }
    let session = &mut client.session;
    let before = (session.identity, session.rights.clone(), session.given.clone());
    let start = out.len();
    let is_answered = local::answer(session, command, args, policy, out);
    let entered = session.identity.filter(|user| Some(*user) != before.0);
    if let Some(error) = entered.and_then(|user| too_many(&config, registry, user, &client.entry)) {
        (session.identity, session.rights, session.given) = before;
        out.truncate(start);
        encode::error(out, &error);
    }
    client.follow_user();
    lost_connection::leave_former_login(client);
    if out.get(start..).is_some_and(|reply| reply.starts_with(b"-WRONGPASS")) {
        note_failure(client, args, context);
    }
    is_answered
}

/// Lets the client act as the user that its certificate names. One whose certificate names no user that
/// exists, or one with too many clients, acts as none: it has to log in.
pub(in crate::client) fn enter_by_certificate(client: &mut Client, name: &str) {
    let config = client.config.clone();
    let user = config.accounts.acl.user(name.as_bytes()).filter(|user| user.is_enabled());
    let registry = &client.worker.shared.registry;
    let why = match user {
        Some(_) => too_many(&config, registry, Identity::of(name), &client.entry),
        None => Some("it is no user".to_owned()),
    };
    match (user, why) {
        (Some(user), None) => client.session.enter(user),
        (_, why) => {
            (client.session.identity, client.session.rights) = (None, None);
            let (client, why) = (&client.entry.addr, why.unwrap_or_default());
            tracing::info!(%client, "the certificate's name {name:?} logs no client in: {why}");
        }
    }
    client.follow_user();
    client.presence.change();
}

/// Notes that a login has failed: in `ACL LOG`, in the log, and for the pause of its address.
fn note_failure(client: &Client, args: &[&[u8]], context: Context) {
    let is_auth = args.first().is_some_and(|name| name.eq_ignore_ascii_case(b"AUTH"));
    let user = match args {
        [_, _] => Identity::DEFAULT.name().as_bytes(),
        [_, user, _] if is_auth => user,
        _ => {
            let at = args.iter().position(|word| word.eq_ignore_ascii_case(b"AUTH"));
            at.and_then(|at| args.get(at + 1)).copied().unwrap_or_default()
        }
    };
    let shared = &client.worker.shared;
    shared.registry.refusals.note(&tidegate_acl::Refusal {
        refused: Refused::Auth,
        context,
        object: args.first().copied().unwrap_or_default(),
        username: user,
        client_info: &client.entry.line(shared.now_ms()),
    });
    let addr = client.entry.addr.host();
    if let Some(times) = shared.registry.logins.failed(addr, shared.now_ms()) {
        tracing::warn!(client = %addr, times, "a login failed: wrong password");
    }
}
