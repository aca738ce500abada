//! CLIENT: over all clients of the port.

use super::call::Call;
use super::client::Ending;
use super::connection;
use crate::registry::{Filter, parse_kill, parse_list};
use crate::resp::{encode, integer};

const SYNTAX: &str = "ERR syntax error";

/// CLIENT.
pub(super) fn client(call: &mut Call<'_, '_>) {
    call.client.publish_facts(0);
    let name = call.command.name;
    match name {
        "client|info" => {
            let line = call.client.entry.line(call.client.desk.now_ms());
            call.verbatim(&format!("{line}\n"));
        }
        "client|list" => list(call),
        "client|kill" => kill(call),
        "client|pause" => pause(call),
        "client|unpause" => {
            call.client.desk.pause.unpause();
            call.ok();
        }
        "client|unblock" => unblock(call),
        "client|trackinginfo" => tracking_info(call),
        "client|tracking" if call.is(2, "off") => call.ok(),
        "client|tracking" => call.error("ERR CLIENT TRACKING is not supported by this replica"),
        "client|caching" => call.error(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN \
             or OPTOUT mode enabled",
        ),
        "client|help" => help(call),
        _ if connection::answer(call) => {}
        _ => call.error(SYNTAX),
    }
}

fn list(call: &mut Call<'_, '_>) {
    let filter = match parse_list(call.args.get(2..).unwrap_or_default()) {
        Ok(filter) => filter,
        Err(error) => return call.error(&error),
    };
    let (engine, now_ms) = (call.engine(), call.client.desk.now_ms());
    let mut text = String::new();
    for entry in engine.clients.all() {
        if filter.matches(&entry, now_ms) {
            text.push_str(&entry.line(now_ms));
            text.push('\n');
        }
    }
    call.verbatim(&text);
}

fn kill(call: &mut Call<'_, '_>) {
    let (filter, by_address) = match call.args.get(2..).unwrap_or_default() {
        [addr] => (Filter::by_address(addr), true),
        args => match parse_kill(args) {
            Ok(filter) => (filter, false),
            Err(error) => return call.error(&error),
        },
    };
    let (engine, now_ms) = (call.engine(), call.client.desk.now_ms());
    let mut killed = 0;
    for entry in engine.clients.all() {
        let is_me = entry.id == call.client.entry.id;
        // One that is on its way out already is not killed twice.
        let is_dying = entry.is_killed() || is_me && call.client.ending.is_some();
        if is_dying || is_me && filter.skips_me || !filter.matches(&entry, now_ms) {
            continue;
        }
        killed += 1;
        if is_me {
            call.client.end(Ending::AfterReplies);
        } else {
            entry.kill();
        }
    }
    match (by_address, killed) {
        (false, killed) => call.integer(killed),
        (true, 0) => call.error("ERR No such client"),
        (true, _) => call.ok(),
    }
}

fn pause(call: &mut Call<'_, '_>) {
    let is_all = match call.args.get(3) {
        None => true,
        Some(mode) if mode.eq_ignore_ascii_case(b"all") => true,
        Some(mode) if mode.eq_ignore_ascii_case(b"write") => false,
        Some(_) => return call.error("ERR CLIENT PAUSE mode must be WRITE or ALL"),
    };
    let Some(time) = integer::parse(call.arg(2)) else {
        return call.error("ERR timeout is not an integer or out of range");
    };
    let Ok(time) = u64::try_from(time) else { return call.error("ERR timeout is negative") };
    let desk = &call.client.desk;
    let now_ms = desk.now_ms();
    desk.pause.pause(now_ms.saturating_add(time), is_all, now_ms);
    call.ok();
}

/// CLIENT UNBLOCK: nobody blocks here.
fn unblock(call: &mut Call<'_, '_>) {
    if call.args.len() > 4 || call.args.len() == 4 && !call.is(3, "timeout") && !call.is(3, "error")
    {
        return call.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    }
    match integer::parse(call.arg(2)) {
        Some(_) => call.integer(0),
        None => call.error("ERR value is not an integer or out of range"),
    }
}

fn tracking_info(call: &mut Call<'_, '_>) {
    let version = call.version();
    let out = call.out();
    encode::map(out, version, 3);
    encode::bulk(out, b"flags");
    encode::set(out, version, 1);
    encode::bulk(out, b"off");
    encode::bulk(out, b"redirect");
    encode::integer(out, -1);
    encode::bulk(out, b"prefixes");
    encode::array(out, 0);
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
        "CLIENT REPLY ON | OFF | SKIP",
        "CLIENT PAUSE milliseconds [WRITE | ALL]",
        "CLIENT UNPAUSE",
        "CLIENT NO-EVICT ON | OFF",
        "CLIENT NO-TOUCH ON | OFF",
    ]);
}
