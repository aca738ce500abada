//! The subcommands of CLIENT that concern all clients of the port.

use super::{connection, tracking};
use crate::engine::serve::call::Call;
use crate::engine::serve::client::Ending;
use crate::registry::Unblocked;
use tidegate_wire::resp::integer;

const SYNTAX: &str = "ERR syntax error";

/// Runs CLIENT.
pub(in crate::engine::serve) fn client(call: &mut Call<'_, '_>) {
    call.client.publish_info((0, 0));
    let name = call.command.name;
    match name {
        "client|info" => {
            let line = call.client.entry.line(call.client.context.now_ms());
            call.verbatim(&format!("{line}\n"));
        }
        "client|list" => list(call),
        "client|kill" => kill(call),
        "client|pause" => pause(call),
        "client|unpause" => {
            call.client.context.pause.unpause();
            call.ok();
        }
        "client|unblock" => unblock(call),
        "client|tracking" => tracking::tracking(call),
        "client|caching" => tracking::cache(call),
        "client|getredir" => tracking::redirection(call),
        "client|trackinginfo" => tracking::info(call),
        "client|help" => help(call),
        _ if connection::answer(call) => {}
        _ => call.error(SYNTAX),
    }
}

fn list(call: &mut Call<'_, '_>) {
    let now_ms = call.client.context.now_ms();
    let dialect = call.engine().dialect();
    let args = call.args.get(2..).unwrap_or_default();
    match call.engine().clients.list(args, dialect, now_ms) {
        Ok(text) => call.verbatim(&text),
        Err(error) => call.error(&error),
    }
}

fn kill(call: &mut Call<'_, '_>) {
    let (now_ms, args) = (call.client.context.now_ms(), call.args.get(2..).unwrap_or_default());
    let dialect = call.engine().dialect();
    let killed = match call.engine().clients.kill(args, &call.client.entry, dialect, now_ms) {
        Ok(killed) => killed,
        Err(error) => return call.error(&error),
    };
    if killed.is_me {
        call.client.end(Ending::AfterReplies);
    }
    match killed.count {
        Some(count) => call.integer(count),
        None => call.ok(),
    }
}

fn pause(call: &mut Call<'_, '_>) {
    let context = &call.client.context;
    match context.pause.ask(call.args.get(2..).unwrap_or_default(), context.now_ms()) {
        Ok(()) => call.ok(),
        Err(error) => call.error(error),
    }
}

/// Runs CLIENT UNBLOCK client-id [TIMEOUT | ERROR].
fn unblock(call: &mut Call<'_, '_>) {
    if call.args.len() > 4 || call.args.len() == 4 && !call.is(3, "timeout") && !call.is(3, "error")
    {
        return call.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
    let how = if call.is(3, "error") { Unblocked::Error } else { Unblocked::Timeout };
    let Some(id) = integer::parse(call.arg(2)) else {
        return call.error("ERR value is not an integer or out of range");
    };
    let found = u64::try_from(id).ok().and_then(|id| call.engine().clients.find(id));
    call.integer(u8::from(found.is_some_and(|entry| entry.unblock(how))));
}

fn help(call: &mut Call<'_, '_>) {
    call.strings(&[
        "CLIENT ID",
        "CLIENT INFO",
        "CLIENT LIST [TYPE type | ID id ...]",
        "CLIENT KILL ip:port",
        "CLIENT KILL option value ...",
        "CLIENT GETNAME",
        "CLIENT SETNAME name",
        "CLIENT SETINFO LIB-NAME | LIB-VER value",
        "CLIENT TRACKING ON | OFF [REDIRECT id] [BCAST] [PREFIX prefix] [OPTIN] [OPTOUT] [NOLOOP]",
        "CLIENT CACHING YES | NO",
        "CLIENT GETREDIR",
        "CLIENT TRACKINGINFO",
        "CLIENT REPLY ON | OFF | SKIP",
        "CLIENT PAUSE milliseconds [WRITE | ALL]",
        "CLIENT UNPAUSE",
        "CLIENT NO-EVICT ON | OFF",
        "CLIENT NO-TOUCH ON | OFF",
    ]);
}
