//! Commands about the connection itself.

use crate::engine::serve::call::Call;
use crate::engine::serve::client::Ending;
use crate::session::{LoginPolicy, is_login, local, without_login};
use tidegate_acl::AuthError;
use tidegate_wire::command::{Resolved, wrong_arity};
use tidegate_wire::resp::{RespVersion, encode};

/// Runs PING, ECHO, AUTH, HELLO, and the subcommands of CLIENT that need only the session; false
/// for others.
pub(super) fn answer(call: &mut Call<'_, '_>) -> bool {
    let config = call.config();
    let server = call.client.context.server();
    let policy = LoginPolicy {
        acl: &config.accounts.engine,
        server: &server,
        role: "replica",
        keeps_passwords: false,
    };
    let command = Resolved::from(call.command);
    let client = &mut *call.client;
    let (addr, now_ms) = (client.entry.addr.host(), client.context.now_ms());
    let logins = &client.context.engine.clients.logins;
    // A request by itself has waited by now.
    if is_login(call.command.effect, call.args.iter().copied()) && logins.must_wait(addr, now_ms) {
        encode::error(&mut client.out, &AuthError::WrongPassword.to_string());
        return true;
    }
    let start = client.out.len();
    let is_answered =
        local::answer(&mut client.session, &command, call.args, policy, &mut client.out);
    client.mailbox.speak(client.session.version);
    let said = client.out.get(start..).unwrap_or_default();
    if said.starts_with(b"-WRONGPASS")
        && let Some(times) = logins.failed(addr, now_ms)
    {
        tracing::warn!(client = %addr, times, "a login at the replica's port failed: wrong password");
    }
    is_answered
}

/// Runs PING, ECHO, AUTH, HELLO.
pub(in crate::engine::serve) fn session(call: &mut Call<'_, '_>) {
    let is_pubsub = call.client.session.subscriptions.any();
    if call.command.name == "ping" && is_pubsub && call.version() == RespVersion::V2 {
        if call.args.len() > 2 {
            return call.error(&wrong_arity("ping"));
        }
        let text = call.arg(1).to_vec();
        return call.strings(&[&b"pong"[..], &text]);
    }
    answer(call);
}

/// Runs QUIT.
pub(in crate::engine::serve) fn quit(call: &mut Call<'_, '_>) {
    call.ok();
    call.client.end(Ending::AfterReplies);
}

/// Runs RESET.
pub(in crate::engine::serve) fn reset(call: &mut Call<'_, '_>) {
    let client = &mut *call.client;
    let config = client.context.config();
    client.stop_listening();
    client.transaction = Default::default();
    client.session.reset(without_login(&config.accounts.engine));
    client.mailbox.speak(client.session.version);
    encode::status(&mut client.out, "RESET");
}

/// Runs SELECT.
pub(in crate::engine::serve) fn select(call: &mut Call<'_, '_>) {
    match local::select_db(call.arg(1)) {
        Ok(db) if call.engine().has_db(db) => {
            call.client.session.db = db;
            call.ok();
        }
        Ok(_) => call.error("ERR DB index is out of range"),
        Err(error) => call.error(error),
    }
}
