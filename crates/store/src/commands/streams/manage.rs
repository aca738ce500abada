//! `XGROUP`, which creates, moves and removes groups and consumers.

use super::{help, subcommand};
use crate::arguments::subcommand::{Sub, syntax};
use crate::call::{CommandError, EventClass, Reply, quoted, words};
use crate::dialect::Dialect;
use crate::execution::{Args, Done, Row, WriteCx};
use crate::values::streams::entries::id;
use crate::values::streams::groups::Group;
use crate::values::streams::value::Stream;
use tidegate_rdb::StreamId;

pub(in crate::commands::streams) const COMMANDS: &[Row] = &[Row::write("xgroup", xgroup)];

const SUBCOMMANDS: &[Sub<()>] = &[
    Sub::new("create", -5, ()),
    Sub::new("createconsumer", 5, ()),
    Sub::new("delconsumer", 5, ()),
    Sub::new("destroy", 4, ()),
    Sub::new("help", 2, ()),
    Sub::new("setid", -5, ()),
];

const NO_STREAM: CommandError = CommandError::new(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
);
const BUSY: CommandError = CommandError::new("BUSYGROUP Consumer Group name already exists");
const ENTRIES_READ: CommandError =
    CommandError::new("ERR value for ENTRIESREAD must be positive or -1");

/// The options of `CREATE` and `SETID`.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    make_stream: bool,
    entries_read: Option<u64>,
    limits_read: bool,
}

impl Options {
    /// Returns how many entries a group of this stream has read.
    fn read(self, stream: &Stream) -> Option<u64> {
        let most = if self.limits_read { stream.entries_added } else { u64::MAX };
        self.entries_read.map(|read| read.min(most))
    }
}

/// `XGROUP subcommand ...`
fn xgroup(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let dialect = cx.dialect();
    let called = subcommand::find(SUBCOMMANDS, args, "xgroup", dialect)?;
    let options = if args.len() >= 4 {
        let options = parse(args, called, dialect)?;
        check(cx, args, called, options)?;
        options
    } else {
        Options::default()
    };
    match (called, args) {
        (Some("help"), [_, _]) => help::xgroup(reply),
        (Some("create"), [_, _, key, name, id, ..]) => create(cx, [key, name, id], options, reply)?,
        (Some("setid"), [_, _, key, name, id, ..]) => set_id(cx, [key, name, id], options, reply)?,
        (Some("destroy"), [_, _, key, name]) => destroy(cx, key, name, reply)?,
        (Some("createconsumer"), [_, _, key, name, consumer]) => {
            create_consumer(cx, [key, name, consumer], reply)?;
        }
        (Some("delconsumer"), [_, _, key, name, consumer]) => {
            remove_consumer(cx, [key, name, consumer], reply)?;
        }
        _ => return Err(syntax(args[1], "xgroup", dialect)),
    }
    Ok(())
}

fn parse(args: Args<'_>, called: Option<&str>, dialect: Dialect) -> Result<Options, CommandError> {
    let syntax = || syntax(args[1], "xgroup", dialect);
    let (creates, sets) = (called == Some("create"), called == Some("setid"));
    let mut options = Options { limits_read: dialect.limits_entries_read(), ..Options::default() };
    let mut rest = args.get(5..).unwrap_or_default();
    if !dialect.has_stream_counters() {
        // One option of `CREATE`; too many words of other subcommands are noticed later.
        return match rest {
            [option] if creates && words::is(option, "MKSTREAM") => {
                Ok(Options { make_stream: true, ..options })
            }
            [_] if creates => Err(syntax()),
            _ => Ok(options),
        };
    }
    while let [option, after @ ..] = rest {
        rest = match after {
            after if creates && words::is(option, "MKSTREAM") => {
                options.make_stream = true;
                after
            }
            [value, after @ ..] if (creates || sets) && words::is(option, "ENTRIESREAD") => {
                options.entries_read = match words::int(value)? {
                    -1 => None,
                    count => Some(u64::try_from(count).map_err(|_| ENTRIES_READ)?),
                };
                after
            }
            _ => return Err(syntax()),
        };
    }
    Ok(options)
}

/// Checks that the key and the group exist that the subcommand needs.
fn check(
    cx: &WriteCx<'_>,
    args: Args<'_>,
    called: Option<&str>,
    options: Options,
) -> Result<(), CommandError> {
    let (key, name) = (args[2], args[3]);
    let stream = cx.read::<Stream>(key)?;
    if options.make_stream {
        return too_many(args, called, cx.dialect());
    }
    let stream = stream.ok_or(NO_STREAM)?;
    let needs_group = matches!(called, Some("setid" | "createconsumer" | "delconsumer"));
    if needs_group && stream.group(name).is_none() {
        return Err(no_group(key, name));
    }
    too_many(args, called, cx.dialect())
}

/// The error for `CREATE` and `SETID` with more words than they ever have.
fn too_many(args: Args<'_>, called: Option<&str>, dialect: Dialect) -> Result<(), CommandError> {
    let len = args.len();
    let right = match (called, dialect.has_stream_counters()) {
        (Some("create"), true) => (5..=8).contains(&len),
        (Some("create"), false) => (5..=6).contains(&len),
        (Some("setid"), true) => len == 5 || len == 7,
        (Some("setid"), false) => len == 5,
        _ => true,
    };
    if right { Ok(()) } else { Err(syntax(args[1], "xgroup", dialect)) }
}

fn create(
    cx: &mut WriteCx<'_>,
    [key, name, id]: [&[u8]; 3],
    options: Options,
    reply: &mut Reply<'_>,
) -> Done {
    let id = match id {
        b"$" => None,
        id => Some(id::strict(id)?),
    };
    // To a client that watches the key, only a new stream is a change.
    let is_new = cx.leads() && cx.slot(key).is_none();
    // The key exists, or may be created.
    cx.edit_or_new(key, |stream: &mut Stream| {
        let id = id.unwrap_or(stream.last_id);
        if stream.groups.contains_key(name) {
            return Err(BUSY);
        }
        let read = options.read(stream);
        stream.groups.insert(name.into(), Group::new(id, read));
        // In the server too, the last id of a new group changes from 0-0.
        stream.group_moved(id::ZERO, id);
        Ok(())
    })?;
    if is_new {
        cx.changed(key);
    }
    cx.event(EventClass::Stream, "xgroup-create", key);
    cx.dirty(1);
    reply.ok();
    Ok(())
}

fn set_id(
    cx: &mut WriteCx<'_>,
    [key, name, id]: [&[u8]; 3],
    options: Options,
    reply: &mut Reply<'_>,
) -> Done {
    let id: Option<StreamId> = match id {
        b"$" => None,
        id => Some(id::any(id)?),
    };
    cx.edit(key, |stream: &mut Stream| {
        let last_id = id.unwrap_or(stream.last_id);
        let read = options.read(stream);
        if let Some(group) = stream.groups.get_mut(name) {
            let from = std::mem::replace(&mut group.last_id, last_id);
            group.entries_read = read;
            stream.group_moved(from, last_id);
        }
        Ok(())
    })?;
    cx.event(EventClass::Stream, "xgroup-setid", key);
    cx.dirty(1);
    reply.ok();
    Ok(())
}

fn destroy(cx: &mut WriteCx<'_>, key: &[u8], name: &[u8], reply: &mut Reply<'_>) -> Done {
    let gone = cx.edit(key, |stream: &mut Stream| Ok(stream.groups.remove(name).is_some()))?;
    let gone = usize::from(gone.unwrap_or(false));
    if gone > 0 {
        cx.event(EventClass::Stream, "xgroup-destroy", key);
        // Clients that read with the group have to hear that it is gone.
        cx.ready(key);
    }
    cx.dirty(gone);
    reply.count(gone);
    Ok(())
}

fn create_consumer(
    cx: &mut WriteCx<'_>,
    [key, name, consumer]: [&[u8]; 3],
    reply: &mut Reply<'_>,
) -> Done {
    let now = cx.now;
    let made = cx.edit(key, |stream: &mut Stream| {
        let group = stream.groups.get_mut(name);
        Ok(group.and_then(|group| group.add_consumer(consumer, now)).is_some())
    })?;
    let made = usize::from(made.unwrap_or(false));
    if made > 0 {
        cx.event(EventClass::Stream, "xgroup-createconsumer", key);
    }
    cx.dirty(made);
    reply.count(made);
    Ok(())
}

fn remove_consumer(
    cx: &mut WriteCx<'_>,
    [key, name, consumer]: [&[u8]; 3],
    reply: &mut Reply<'_>,
) -> Done {
    let pending = cx.edit(key, |stream: &mut Stream| {
        Ok(stream.groups.get_mut(name).and_then(|group| group.remove_consumer(consumer)))
    })?;
    let pending = pending.flatten();
    if pending.is_some() {
        cx.event(EventClass::Stream, "xgroup-delconsumer", key);
    }
    cx.dirty(usize::from(pending.is_some()));
    reply.count(pending.unwrap_or(0));
    Ok(())
}

/// The error of a subcommand that needs a group.
pub(in crate::commands::streams) fn no_group(key: &[u8], group: &[u8]) -> CommandError {
    CommandError::of(format!(
        "NOGROUP No such consumer group '{}' for key name '{}'",
        quoted(group),
        quoted(key),
    ))
}
