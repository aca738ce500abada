//! Commands about the connection itself.

use crate::engine::serve::call::Call;
use crate::engine::serve::client::Ending;
use crate::session::{LoginPolicy, local, without_login};
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
    let is_answered =
        local::answer(&mut client.session, &command, call.args, policy, &mut client.out);
    client.mailbox.speak(client.session.version);
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
