//! COMMAND: reports what the port answers, from the table of commands.

use crate::engine::Engine;
use crate::engine::serve::call::{Call, Handlers};
use tidegate_wire::command::{self, Access, Command, Effect, Keys};
use tidegate_wire::glob;
use tidegate_wire::resp::{RespVersion, encode};

/// Runs COMMAND and its subcommands.
pub(in crate::engine::serve) fn command(call: &mut Call<'_, '_>) {
    let (handlers, engine) = (call.handlers, call.engine());
    match call.command.name {
        "command" => {
            let rows: Vec<_> = answered(handlers, &engine).map(Some).collect();
            describe_all(call, &rows);
        }
        "command|count" => call.integer(answered(handlers, &engine).count()),
        "command|list" => list(call, &engine),
        "command|info" => {
            let names = call.args.get(2..).unwrap_or_default();
            let rows: Vec<_> = if names.is_empty() {
                answered(handlers, &engine).map(Some).collect()
            } else {
                names.iter().map(|name| named(handlers, &engine, name)).collect()
            };
            describe_all(call, &rows);
        }
        "command|docs" => docs(call, &engine),
        "command|getkeys" => get_keys(call),
        "command|help" => call.strings(&[
            "COMMAND",
            "COMMAND COUNT",
            "COMMAND DOCS [name ...]",
            "COMMAND GETKEYS name [argument ...]",
            "COMMAND INFO [name ...]",
            "COMMAND LIST [FILTERBY PATTERN pattern]",
        ]),
        _ => call.error("ERR not supported by this replica; see COMMAND HELP"),
    }
}

/// Returns the commands and containers that the port answers.
fn answered(handlers: Handlers, engine: &Engine) -> impl Iterator<Item = &'static Command> {
    let rows = command::all().filter(|row| !row.name.contains('|'));
    rows.filter(move |row| handlers.is_answered(engine, row))
}

/// Returns the command of this name; a subcommand's name contains `|`.
fn named(handlers: Handlers, engine: &Engine, name: &[u8]) -> Option<&'static Command> {
    let (head, sub) = match memchr::memchr(b'|', name) {
        Some(at) => (&name[..at], Some(&name[at + 1..])),
        None => (name, None),
    };
    let row = command::lookup(head)?;
    let row = match sub {
        Some(sub) => row.subcommand(sub)?,
        None => row,
    };
    handlers.is_answered(engine, row).then_some(row)
}

fn describe_all(call: &mut Call<'_, '_>, rows: &[Option<&'static Command>]) {
    let version = call.version();
    encode::array(call.out(), rows.len());
    for row in rows {
        match row {
            Some(row) => describe(call.out(), version, row),
            None => encode::null_array(call.out(), version),
        }
    }
}

/// Writes one command as COMMAND reports it.
fn describe(out: &mut Vec<u8>, version: RespVersion, row: &'static Command) {
    encode::array(out, 10);
    encode::bulk(out, row.name.as_bytes());
    encode::integer(out, row.arity.into());
    let flags = flags(row);
    encode::set(out, version, flags.len());
    flags.iter().for_each(|flag| encode::status(out, flag));
    let (first, last, step) = match row.keys {
        Keys::Range { first, last, step } => (first.into(), last.into(), step.into()),
        _ => (0, 0, 0),
    };
    [first, last, step].into_iter().for_each(|number| encode::integer(out, number));
    // Categories, tips and key specifications are left out.
    encode::set(out, version, 0);
    encode::set(out, version, 0);
    encode::set(out, version, 0);
    encode::array(out, row.subcommands.len());
    row.subcommands.iter().for_each(|sub| describe(out, version, sub));
}

fn flags(row: &Command) -> Vec<&'static str> {
    let mut flags = Vec::new();
    if row.may_write {
        flags.push("write");
    } else if row.access == Access::Read {
        flags.push("readonly");
    }
    if row.access == Access::Admin {
        flags.push("admin");
    }
    if matches!(row.effect, Effect::Subscribe(_) | Effect::Unsubscribe(_)) {
        flags.push("pubsub");
    }
    if matches!(row.effect, Effect::Blocking(_)) {
        flags.push("blocking");
    }
    if !matches!(row.keys, Keys::None | Keys::Range { .. }) {
        flags.push("movablekeys");
    }
    if crate::engine::serve::stale::is_answered(row) {
        flags.push("stale");
    }
    flags
}

fn list(call: &mut Call<'_, '_>, engine: &Engine) {
    let handlers = call.handlers;
    let pattern = match call.args.get(2..).unwrap_or_default() {
        [] => None,
        [by, kind, pattern]
            if by.eq_ignore_ascii_case(b"filterby") && kind.eq_ignore_ascii_case(b"pattern") =>
        {
            Some(pattern.to_ascii_lowercase())
        }
        [by, kind, _]
            if by.eq_ignore_ascii_case(b"filterby")
                && (kind.eq_ignore_ascii_case(b"module")
                    || kind.eq_ignore_ascii_case(b"aclcat")) =>
        {
            return call.strings::<&str>(&[]);
        }
        _ => return call.error("ERR syntax error"),
    };
    let rows =
        answered(handlers, engine).flat_map(|row| std::iter::once(row).chain(row.subcommands));
    let names = rows.map(|row| row.name);
    let is_meant = |name: &&str| {
        pattern.as_ref().is_none_or(|pattern| glob::matches(pattern, name.as_bytes()))
    };
    let names: Vec<_> = names.filter(is_meant).collect();
    call.strings(&names);
}

/// Runs COMMAND DOCS, which reports names and groups only.
fn docs(call: &mut Call<'_, '_>, engine: &Engine) {
    let handlers = call.handlers;
    let names = call.args.get(2..).unwrap_or_default();
    let rows: Vec<_> = if names.is_empty() {
        answered(handlers, engine).collect()
    } else {
        names.iter().filter_map(|name| named(handlers, engine, name)).collect()
    };
    let version = call.version();
    let out = call.out();
    encode::map(out, version, rows.len());
    for row in rows {
        encode::bulk(out, row.name.as_bytes());
        encode::map(out, version, 1);
        encode::bulk(out, b"group");
        encode::bulk(out, if row.keys == Keys::None { b"server" } else { b"generic" });
    }
}

fn get_keys(call: &mut Call<'_, '_>) {
    let engine = call.engine();
    let dialect = engine.dialect();
    let args = call.args.get(2..).unwrap_or_default();
    let row = args.first().and_then(|name| command::lookup(name));
    let row = row.filter(|row| engine.knows(row));
    let word = args.get(1).filter(|_| row.is_some_and(|row| !row.subcommands.is_empty()));
    let sub = word.and_then(|word| row.and_then(|row| row.subcommand(word)));
    let is_wrong = word.is_some() && sub.is_none() && dialect.has_subcommands();
    let Some(row) = row.filter(|_| !is_wrong) else {
        return call.error("ERR Invalid command specified");
    };
    let command = command::Resolved::from(sub.unwrap_or(row));
    if command.keys == Keys::None {
        return call.error("ERR The command has no key arguments");
    }
    if !command.fits(args.len()) {
        return call.error("ERR Invalid number of arguments specified for command");
    }
    let at = |index: usize| args.get(index).copied().unwrap_or_default();
    let keys: Vec<_> = command.keys.positions(args.len(), at).map(at).collect();
    match keys.is_empty() {
        true => call.error("ERR Invalid arguments specified for command"),
        false => call.strings(&keys),
    }
}
