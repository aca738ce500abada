//! `FUNCTION`: the store keeps, lists and dumps libraries, and never runs a function.

use super::restore::{BAD_PAYLOAD, verify};
use crate::arguments::subcommand::{self, Sub};
use crate::call::{CommandError, Reply, shown, words};
use crate::execution::{Args, Done, ReadCx, Row, WriteCx};
use crate::library::{Libraries, Library};
use tidegate_rdb::{Checksum, Encoder, Form, Item, Limits, Reader, Vendor, WriteError};
use tidegate_wire::glob;

pub(super) const COMMANDS: &[Row] = &[Row::both("function", read, write)];

type Read = fn(&ReadCx<'_>, Args<'_>, &mut Reply<'_>) -> Done;
type Write = fn(&mut WriteCx<'_>, Args<'_>, &mut Reply<'_>) -> Done;

/// The functions that run a subcommand.
#[derive(Clone, Copy, Debug)]
enum Run {
    Read(Read),
    Write(Write),
}

const SUBCOMMANDS: &[Sub<Run>] = &[
    Sub::new("delete", 3, Run::Write(delete)),
    Sub::new("dump", 2, Run::Read(dump)),
    Sub::new("flush", -2, Run::Write(flush)),
    Sub::new("list", -2, Run::Read(list)),
    Sub::new("load", -3, Run::Write(load)),
    Sub::new("restore", -3, Run::Write(restore)),
    Sub::new("stats", 2, Run::Read(stats)),
];

/// The byte before the source of a library.
const FUNCTION: u8 = 245;
const END: u8 = 255;

fn read(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    match &subcommand::find(SUBCOMMANDS, "function", args, cx.dialect())?.run {
        Run::Read(run) => run(cx, args, reply),
        Run::Write(_) => Err(CommandError::READ_ONLY),
    }
}

fn write(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    match &subcommand::find(SUBCOMMANDS, "function", args, cx.dialect())?.run {
        Run::Read(run) => run(&cx.reader(), args, reply),
        Run::Write(run) => run(cx, args, reply),
    }
}

/// `FUNCTION LOAD [REPLACE] source`. A client's library is refused if its source names no function
/// in plain words; a master's is taken.
fn load(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (source, options) = args[2..].split_last().ok_or(CommandError::SYNTAX)?;
    let mut replace = cx.from_master;
    for option in options {
        if !words::is(option, "REPLACE") {
            return Err(CommandError::of(format!("ERR Unknown option given: {}", shown(option))));
        }
        replace = true;
    }
    let library =
        if cx.from_master { Library::kept(source.to_vec()) } else { Library::parse(source)? };
    if !replace && cx.data.libraries.get(&library.name).is_some() {
        let name = shown(&library.name);
        return Err(CommandError::of(format!("ERR Library '{name}' already exists")));
    }
    if !cx.from_master {
        check_functions(&cx.data.libraries, &library)?;
    }
    reply.bulk(&library.name);
    cx.data.libraries.add(library);
    cx.dirty(1);
    Ok(())
}

/// Checks that a library has functions, and none with the name of another library's.
fn check_functions(libraries: &Libraries, library: &Library) -> Done {
    let functions = library.functions();
    if functions.is_empty() {
        return Err(CommandError::new("ERR No functions registered"));
    }
    let others = libraries.iter().filter(|other| other.name != library.name);
    let taken: Vec<_> = others.flat_map(Library::functions).collect();
    match functions.iter().find(|it| taken.iter().any(|other| other.name == it.name)) {
        Some(it) => {
            let name = shown(&it.name);
            Err(CommandError::of(format!("ERR Function {name} already exists")))
        }
        None => Ok(()),
    }
}

/// `FUNCTION DELETE name`
fn delete(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    if !cx.data.libraries.remove(args[2]) && !cx.from_master {
        return Err(CommandError::new("ERR Library not found"));
    }
    cx.dirty(1);
    reply.ok();
    Ok(())
}

/// `FUNCTION FLUSH [ASYNC | SYNC]`
fn flush(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    match args[2..] {
        [] => {}
        [mode] if words::is(mode, "ASYNC") || words::is(mode, "SYNC") => {}
        [_, _, ..] => return Err(subcommand::syntax(args[1], "function", cx.dialect())),
        [_] => {
            let error = "ERR FUNCTION FLUSH only supports SYNC|ASYNC option";
            return Err(CommandError::new(error));
        }
    }
    cx.data.libraries.clear();
    cx.dirty(1);
    reply.ok();
    Ok(())
}

/// `FUNCTION LIST [LIBRARYNAME pattern] [WITHCODE]`, with the functions that the source names in
/// plain words.
fn list(cx: &ReadCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let (mut pattern, mut with_code) = (None, false);
    let mut rest = &args[2..];
    while let [word, next @ ..] = rest {
        rest = next;
        if words::is(word, "WITHCODE") && !with_code {
            with_code = true;
        } else if words::is(word, "LIBRARYNAME") && pattern.is_none() {
            let missing = CommandError::new("ERR library name argument was not given");
            let (name, next) = next.split_first().ok_or(missing)?;
            (pattern, rest) = (Some(*name), next);
        } else {
            return Err(CommandError::of(format!("ERR Unknown argument {}", shown(word))));
        }
    }
    let wanted =
        |library: &&Library| pattern.is_none_or(|pattern| glob::matches(pattern, &library.name));
    let libraries: Vec<_> = cx.data.libraries.iter().filter(wanted).collect();
    reply.array(libraries.len());
    libraries.into_iter().for_each(|library| describe(library, with_code, reply));
    Ok(())
}

fn describe(library: &Library, with_code: bool, reply: &mut Reply<'_>) {
    reply.map(if with_code { 4 } else { 3 });
    reply.bulk(b"library_name");
    reply.bulk(&library.name);
    reply.bulk(b"engine");
    reply.bulk(b"LUA");
    reply.bulk(b"functions");
    let functions = library.functions();
    reply.array(functions.len());
    for function in functions {
        reply.map(3);
        reply.bulk(b"name");
        reply.bulk(&function.name);
        reply.bulk(b"description");
        match &function.description {
            Some(text) => reply.bulk(text),
            None => reply.null(),
        }
        reply.bulk(b"flags");
        reply.set(function.flags.len());
        function.flags.iter().for_each(|flag| reply.status(&String::from_utf8_lossy(flag)));
    }
    if with_code {
        reply.bulk(b"library_code");
        reply.bulk(&library.source);
    }
}

/// `FUNCTION STATS`: no function ever runs.
fn stats(cx: &ReadCx<'_>, _: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let libraries = &cx.data.libraries;
    reply.map(2);
    reply.bulk(b"running_script");
    reply.null();
    reply.bulk(b"engines");
    reply.map(1);
    reply.bulk(b"LUA");
    reply.map(2);
    reply.bulk(b"libraries_count");
    reply.count(libraries.iter().len());
    reply.bulk(b"functions_count");
    reply.count(libraries.iter().map(|library| library.functions().len()).sum());
    Ok(())
}

/// `FUNCTION DUMP`
fn dump(cx: &ReadCx<'_>, _: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let payload = payload(&cx.data.libraries, cx.dialect().form()).map_err(super::dump::refused)?;
    reply.bulk(&payload);
    Ok(())
}

fn payload(libraries: &Libraries, form: Form) -> Result<Vec<u8>, WriteError> {
    let mut encoder = Encoder::new(Vec::new(), form);
    for library in libraries.iter() {
        encoder.raw(&[FUNCTION])?;
        encoder.string(&library.source)?;
    }
    let mut payload = encoder.into_inner();
    payload.extend(form.version().to_le_bytes());
    payload.extend(Checksum::of(&payload).to_le_bytes());
    Ok(payload)
}

/// What happens to the libraries that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    Flush,
    Append,
    Replace,
}

/// `FUNCTION RESTORE payload [FLUSH | APPEND | REPLACE]`
fn restore(cx: &mut WriteCx<'_>, args: Args<'_>, reply: &mut Reply<'_>) -> Done {
    let policy = match args[3..] {
        [] => Policy::Append,
        [word] if words::is(word, "FLUSH") => Policy::Flush,
        [word] if words::is(word, "APPEND") => Policy::Append,
        [word] if words::is(word, "REPLACE") => Policy::Replace,
        [_] => {
            return Err(CommandError::new(
                "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
            ));
        }
        _ => return Err(subcommand::syntax(args[1], "function", cx.dialect())),
    };
    let restored = decode(cx, args[2])?;
    let mut all = match policy {
        Policy::Flush => Libraries::default(),
        Policy::Append | Policy::Replace => cx.data.libraries.clone(),
    };
    for library in restored {
        if !cx.from_master {
            if policy == Policy::Append && all.get(&library.name).is_some() {
                let name = shown(&library.name);
                return Err(CommandError::of(format!("ERR Library {name} already exists")));
            }
            check_functions(&all, &library)?;
        }
        all.add(library);
    }
    cx.data.libraries = all;
    cx.dirty(1);
    reply.ok();
    Ok(())
}

/// Returns the libraries of a payload.
fn decode(cx: &WriteCx<'_>, payload: &[u8]) -> Result<Vec<Library>, CommandError> {
    if !cx.from_master {
        verify(payload, cx.dialect().form().version())?;
    }
    let (body, footer) = payload.split_last_chunk::<10>().ok_or(BAD_PAYLOAD)?;
    let magic: &[u8] = match Vendor::of_version(u16::from_le_bytes([footer[0], footer[1]])) {
        Vendor::Redis => b"REDIS0012",
        Vendor::Valkey => b"VALKEY080",
    };
    // A payload is the middle part of a file: what follows the end of a file is its checksum, or
    // zeros.
    let file = [magic, body, &[END], &[0; 8]].concat();
    let mut reader = Reader::new(&file[..], Limits::default());
    let mut libraries = Vec::new();
    let no_function = || CommandError::new("ERR given type is not a function");
    while let Some(item) = reader.next_item().map_err(|_| no_function())? {
        match item {
            Item::Function(source) if cx.from_master => libraries.push(Library::kept(source)),
            Item::Function(source) => libraries.push(Library::parse(&source)?),
            Item::Header(_) | Item::End(_) => {}
            _ => return Err(no_function()),
        }
    }
    Ok(libraries)
}
