//! The commands that need only the session.

use super::{LoginPolicy, ReadFrom, ReplyMode, Session, login, names};
use tidegate_wire::command::{ClientCommand, Effect, Resolved, wrong_arity};
use tidegate_wire::resp::{encode, integer};

/// Answers a command that needs only the session; false if the command needs more. `args` begin
/// with the command's name.
///
/// The caller has checked the command's arity.
pub fn answer(
    session: &mut Session,
    command: &Resolved<'_>,
    args: &[&[u8]],
    policy: LoginPolicy<'_>,
    out: &mut Vec<u8>,
) -> bool {
    match command.effect {
        Effect::Ping => ping(args, out),
        Effect::Echo => encode::bulk(out, args.get(1).copied().unwrap_or_default()),
        Effect::Auth => login::auth(session, args.get(1..).unwrap_or_default(), policy, out),
        Effect::Hello => login::hello(session, args.get(1..).unwrap_or_default(), policy, out),
        Effect::Readonly => {
            session.reads.from = Some(ReadFrom::Replica);
            encode::status(out, "OK");
        }
        Effect::Readwrite => {
            session.reads.from = Some(ReadFrom::Master);
            encode::status(out, "OK");
        }
        Effect::Client(client) => {
            return client_command(session, client, args.get(2..).unwrap_or_default(), out);
        }
        _ => return false,
    }
    true
}

fn ping(args: &[&[u8]], out: &mut Vec<u8>) {
    match args {
        [_] => encode::status(out, "PONG"),
        [_, text] => encode::bulk(out, text),
        _ => encode::error(out, &wrong_arity("ping")),
    }
}

/// Answers the subcommands of CLIENT that concern only this session; `args` are those after the
/// subcommand.
fn client_command(
    session: &mut Session,
    command: ClientCommand,
    args: &[&[u8]],
    out: &mut Vec<u8>,
) -> bool {
    match (command, args) {
        (ClientCommand::Id, _) => {
            encode::integer(out, i64::try_from(session.id).unwrap_or(i64::MAX));
        }
        (ClientCommand::GetName, _) if session.name.is_empty() => {
            encode::null(out, session.version);
        }
        (ClientCommand::GetName, _) => encode::bulk(out, &session.name),
        (ClientCommand::SetName, [name]) => set_name(session, name, out),
        (ClientCommand::SetInfo, [option, value]) => set_info(session, option, value, out),
        (ClientCommand::Reply, [mode]) => reply_mode(session, mode, out),
        (ClientCommand::NoEvict, [on]) => switch(&mut session.no_evict, on, out),
        (ClientCommand::NoTouch, [on]) => switch(&mut session.no_touch, on, out),
        (ClientCommand::GetRedir, _) => encode::integer(out, redirection(session)),
        // The client says what it understands. The proxy needs none of it.
        (ClientCommand::Capa, _) => encode::status(out, "OK"),
        _ => return false,
    }
    true
}

fn set_name(session: &mut Session, name: &[u8], out: &mut Vec<u8>) {
    if names::is_valid(name) {
        session.name = name.to_vec();
        encode::status(out, "OK");
    } else {
        let error = "ERR Client names cannot contain spaces, newlines or special characters.";
        encode::error(out, error);
    }
}

fn set_info(session: &mut Session, option: &[u8], value: &[u8], out: &mut Vec<u8>) {
    let field = if option.eq_ignore_ascii_case(b"lib-name") {
        &mut session.lib_name
    } else if option.eq_ignore_ascii_case(b"lib-ver") {
        &mut session.lib_ver
    } else {
        let option = String::from_utf8_lossy(option);
        return encode::error(out, &format!("ERR Unrecognized option '{option}'"));
    };
    if names::is_valid(value) {
        *field = value.to_vec();
        encode::status(out, "OK");
    } else {
        let option = String::from_utf8_lossy(option);
        let error = format!("ERR {option} cannot contain spaces, newlines or special characters.");
        encode::error(out, &error);
    }
}

/// Runs `CLIENT REPLY`. Only ON gets a reply.
fn reply_mode(session: &mut Session, mode: &[u8], out: &mut Vec<u8>) {
    if mode.eq_ignore_ascii_case(b"on") {
        session.reply = ReplyMode::On;
        encode::status(out, "OK");
    } else if mode.eq_ignore_ascii_case(b"off") {
        session.reply = ReplyMode::Off;
    } else if mode.eq_ignore_ascii_case(b"skip") {
        if session.reply != ReplyMode::Off {
            session.reply = ReplyMode::SkipNext;
        }
    } else {
        encode::error(out, "ERR syntax error");
    }
}

fn switch(flag: &mut bool, on: &[u8], out: &mut Vec<u8>) {
    if on.eq_ignore_ascii_case(b"on") {
        *flag = true;
    } else if on.eq_ignore_ascii_case(b"off") {
        *flag = false;
    } else {
        return encode::error(out, "ERR syntax error");
    }
    encode::status(out, "OK");
}

/// The reply to `CLIENT GETREDIR`: -1 without tracking, 0 without a redirection.
fn redirection(session: &Session) -> i64 {
    session.tracking.map_or(-1, |tracking| i64::try_from(tracking.redirect).unwrap_or(0))
}

/// Reads the database of a SELECT.
///
/// # Errors
/// The error to answer with, in the words of Redis 7.
pub fn select_db(arg: &[u8]) -> Result<u32, &'static str> {
    let db = integer::parse(arg).ok_or("ERR value is not an integer or out of range")?;
    i32::try_from(db)
        .map_err(|_| "ERR value is out of range, value must between -2147483648 and 2147483647")?;
    u32::try_from(db).map_err(|_| "ERR DB index is out of range")
}
