//! The commands about scripts and functions, from their words to their replies.

use tidegate_wire::command::{lookup, wrong_arity};
use tidegate_wire::resp::RespVersion;

use crate::api::Version;
use crate::functions::{Functions, Library};
use crate::host::Host;
use crate::scripts::{NO_SCRIPT, Run, Scripts};
use crate::state::Limits;
use crate::values::outgoing::{append_bulk, append_error, append_head, append_integer};

/// The scripts and the functions of one server.
#[derive(Debug)]
pub struct Scripting {
    /// The scripts of EVAL.
    pub scripts: Scripts,
    /// The libraries of FCALL.
    pub functions: Functions,
}

/// How many digits a digest has.
const DIGEST_LEN: usize = 40;
const NOT_BUSY: &[u8] = b"NOTBUSY No scripts in execution right now.";

/// What becomes of a command.
type Done = Result<(), String>;

/// One command: its words, and how it is answered.
struct Request<'a, 'h> {
    words: &'a [&'a [u8]],
    version: RespVersion,
    host: &'h mut dyn Host,
    out: &'h mut Vec<u8>,
}

impl Scripting {
    /// No scripts and no functions.
    ///
    /// # Errors
    /// Lua cannot be started: memory is lacking.
    pub fn new(limits: &Limits, version: &Version) -> Result<Self, mlua::Error> {
        let scripts = Scripts::new(limits.clone(), version)?;
        Ok(Self { scripts, functions: Functions::new(limits, version)? })
    }

    /// Runs EVAL, EVALSHA, FCALL, their read-only forms, SCRIPT and FUNCTION, and appends the
    /// reply. False if the words are another command, or FUNCTION DUMP or RESTORE, which are the
    /// store's.
    pub fn execute(
        &mut self,
        words: &[&[u8]],
        version: RespVersion,
        host: &mut dyn Host,
        out: &mut Vec<u8>,
    ) -> bool {
        let name = words.first().map(|it| it.to_ascii_lowercase()).unwrap_or_default();
        let mut request = Request { words, version, host, out };
        let done = match &name[..] {
            b"eval" | b"eval_ro" | b"evalsha" | b"evalsha_ro" => self.eval(&name, &mut request),
            b"fcall" | b"fcall_ro" => self.fcall(&name, &mut request),
            b"script" => self.script(&mut request),
            b"function" => match self.function(&mut request) {
                Some(done) => done,
                None => return false,
            },
            _ => return false,
        };
        if let Err(error) = done {
            append_error(error.as_bytes(), request.out);
        }
        true
    }

    fn eval(&mut self, name: &[u8], request: &mut Request<'_, '_>) -> Done {
        request.check_arity(name)?;
        if name.starts_with(b"evalsha") && request.words[1].len() != DIGEST_LEN {
            return Err(NO_SCRIPT.to_owned());
        }
        let not_a_number = "ERR value is not an integer or out of range";
        let run = request.run(name.ends_with(b"_ro"), not_a_number)?;
        let script = request.words[1];
        if name.starts_with(b"evalsha") {
            self.scripts.eval_sha(script, run, request.host, request.out);
        } else {
            self.scripts.eval(script, run, request.host, request.out);
        }
        Ok(())
    }

    fn fcall(&mut self, name: &[u8], request: &mut Request<'_, '_>) -> Done {
        request.check_arity(name)?;
        let function = request.words[1];
        if self.functions.find(function).is_none() {
            return Err("ERR Function not found".to_owned());
        }
        let run = request.run(name.ends_with(b"_ro"), "ERR Bad number of keys provided")?;
        self.functions.call(function, run, request.host, request.out);
        Ok(())
    }

    fn script(&mut self, request: &mut Request<'_, '_>) -> Done {
        request.check_arity(b"script")?;
        let sub = request.words[1].to_ascii_lowercase();
        match (&sub[..], &request.words[2..]) {
            (b"load", [source]) => {
                append_bulk(self.scripts.load(source)?.as_bytes(), request.out);
            }
            (b"exists", digests @ [_, ..]) => {
                append_head(b'*', len(digests.len()), request.out);
                for digest in digests.iter() {
                    append_integer(i64::from(self.scripts.exists(digest)), request.out);
                }
            }
            (b"flush", mode) => {
                check_mode(mode, "ERR SCRIPT FLUSH only support SYNC|ASYNC option")?;
                self.scripts.flush();
                request.ok();
            }
            (b"show", [digest]) => match self.scripts.source(digest) {
                Some(source) => append_bulk(source, request.out),
                None => return Err(NO_SCRIPT.to_owned()),
            },
            (b"kill", []) => append_error(NOT_BUSY, request.out),
            (b"debug", [mode]) if mode.eq_ignore_ascii_case(b"no") => request.ok(),
            (b"load" | b"exists" | b"show" | b"kill" | b"debug", _) => {
                return Err(request.wrong_arity(b"script"));
            }
            _ => return Err(request.unknown(b"SCRIPT")),
        }
        Ok(())
    }

    fn function(&mut self, request: &mut Request<'_, '_>) -> Option<Done> {
        if let Err(error) = request.check_arity(b"function") {
            return Some(Err(error));
        }
        let sub = request.words[1].to_ascii_lowercase();
        let words = &request.words[2..];
        Some(match (&sub[..], words) {
            (b"dump" | b"restore" | b"help", _) => return None,
            (b"load", [options @ .., source]) => self.load(options, source, request),
            (b"delete", [name]) => {
                if self.functions.delete(name) {
                    request.ok();
                    Ok(())
                } else {
                    Err("ERR Library not found".to_owned())
                }
            }
            (b"flush", mode) => {
                let error = "ERR FUNCTION FLUSH only supports SYNC|ASYNC option";
                check_mode(mode, error).map(|()| {
                    self.functions.flush();
                    request.ok();
                })
            }
            (b"list", options) => self.list(options, request),
            (b"stats", []) => {
                self.stats(request);
                Ok(())
            }
            (b"kill", []) => {
                append_error(NOT_BUSY, request.out);
                Ok(())
            }
            (b"load" | b"delete" | b"stats" | b"kill", _) => Err(request.wrong_arity(b"function")),
            _ => Err(request.unknown(b"FUNCTION")),
        })
    }

    fn load(&mut self, options: &[&[u8]], source: &[u8], request: &mut Request<'_, '_>) -> Done {
        let mut replaces = false;
        for option in options {
            if !option.eq_ignore_ascii_case(b"replace") {
                return Err(format!("ERR Unknown option given: {}", shown(option)));
            }
            replaces = true;
        }
        let name = self.functions.load(source, replaces, request.host)?;
        append_bulk(&name, request.out);
        Ok(())
    }

    /// `FUNCTION LIST [LIBRARYNAME pattern] [WITHCODE]`
    fn list(&self, options: &[&[u8]], request: &mut Request<'_, '_>) -> Done {
        let (mut pattern, mut has_code) = (None, false);
        let mut rest = options;
        while let [option, behind @ ..] = rest {
            rest = behind;
            if !has_code && option.eq_ignore_ascii_case(b"withcode") {
                has_code = true;
            } else if pattern.is_none() && option.eq_ignore_ascii_case(b"libraryname") {
                let [value, behind @ ..] = rest else {
                    return Err("ERR library name argument was not given".to_owned());
                };
                (pattern, rest) = (Some(*value), behind);
            } else {
                return Err(format!("ERR Unknown argument {}", shown(option)));
            }
        }
        let is_listed = |it: &&Library| pattern.is_none_or(|pattern| matches(pattern, &it.name));
        let listed: Vec<&Library> = self.functions.libraries().iter().filter(is_listed).collect();
        append_head(b'*', len(listed.len()), request.out);
        for library in listed {
            request.library(library, has_code);
        }
        Ok(())
    }

    fn stats(&self, request: &mut Request<'_, '_>) {
        let libraries = self.functions.libraries();
        let functions: usize = libraries.iter().map(|it| it.functions.len()).sum();
        request.map(2);
        append_bulk(b"running_script", request.out);
        request.null();
        append_bulk(b"engines", request.out);
        request.map(1);
        append_bulk(b"LUA", request.out);
        request.map(2);
        append_bulk(b"libraries_count", request.out);
        append_integer(len(libraries.len()), request.out);
        append_bulk(b"functions_count", request.out);
        append_integer(len(functions), request.out);
    }
}

impl<'a> Request<'a, '_> {
    fn check_arity(&self, name: &[u8]) -> Done {
        let least = match name {
            b"script" | b"function" => 2,
            _ => 3,
        };
        if self.words.len() >= least {
            return Ok(());
        }
        let known = lookup(name).map_or("unknown", |it| it.name);
        Err(wrong_arity(known))
    }

    fn wrong_arity(&self, container: &[u8]) -> String {
        let sub = self.words[1].to_ascii_lowercase();
        wrong_arity(&format!("{}|{}", shown(container), shown(&sub)))
    }

    fn unknown(&self, container: &[u8]) -> String {
        let sub = shown(self.words[1]);
        format!("ERR unknown subcommand '{sub}'. Try {} HELP.", shown(container))
    }

    /// The keys and the arguments behind the number of keys.
    fn run(&self, is_read_only: bool, not_a_number: &str) -> Result<Run<'a>, String> {
        let words: &'a [&'a [u8]] = self.words;
        let count = tidegate_wire::resp::integer::parse(words[2]);
        let count: i64 = count.ok_or_else(|| not_a_number.to_owned())?;
        let rest = &words[3..];
        if count > len(rest.len()) {
            return Err("ERR Number of keys can't be greater than number of args".to_owned());
        }
        let Ok(count) = usize::try_from(count) else {
            return Err("ERR Number of keys can't be negative".to_owned());
        };
        let (keys, args) = rest.split_at(count);
        Ok(Run { keys, args, is_read_only, version: self.version })
    }

    fn ok(&mut self) {
        self.out.extend_from_slice(b"+OK\r\n");
    }

    fn null(&mut self) {
        self.out.extend_from_slice(match self.version {
            RespVersion::V2 => b"$-1\r\n",
            RespVersion::V3 => b"_\r\n",
        });
    }

    fn map(&mut self, pairs: i64) {
        match self.version {
            RespVersion::V2 => append_head(b'*', pairs * 2, self.out),
            RespVersion::V3 => append_head(b'%', pairs, self.out),
        }
    }

    fn library(&mut self, library: &Library, has_code: bool) {
        self.map(if has_code { 4 } else { 3 });
        append_bulk(b"library_name", self.out);
        append_bulk(&library.name, self.out);
        append_bulk(b"engine", self.out);
        append_bulk(b"LUA", self.out);
        append_bulk(b"functions", self.out);
        append_head(b'*', len(library.functions.len()), self.out);
        for function in &library.functions {
            self.map(3);
            append_bulk(b"name", self.out);
            append_bulk(&function.name, self.out);
            append_bulk(b"description", self.out);
            match &function.description {
                Some(description) => append_bulk(description, self.out),
                None => self.null(),
            }
            append_bulk(b"flags", self.out);
            let flags = function.flags.names();
            let kind = if self.version == RespVersion::V3 { b'~' } else { b'*' };
            append_head(kind, len(flags.len()), self.out);
            for flag in flags {
                self.out.extend_from_slice(format!("+{flag}\r\n").as_bytes());
            }
        }
        if has_code {
            append_bulk(b"library_code", self.out);
            append_bulk(&library.source, self.out);
        }
    }
}

fn check_mode(mode: &[&[u8]], error: &str) -> Done {
    match mode {
        [] => Ok(()),
        [mode] if mode.eq_ignore_ascii_case(b"sync") || mode.eq_ignore_ascii_case(b"async") => {
            Ok(())
        }
        _ => Err(error.to_owned()),
    }
}

/// Whether `name` matches a pattern of `*` and `?`, whatever its case.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut seen, mut retry) = (0, 0, None);
    while seen < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at, seen));
                at += 1;
            }
            Some(it) if *it == b'?' || it.eq_ignore_ascii_case(&name[seen]) => {
                at += 1;
                seen += 1;
            }
            _ => match &mut retry {
                Some((star, from)) => {
                    *from += 1;
                    (at, seen) = (*star + 1, *from);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|it| *it == b'*')
}

fn len(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
