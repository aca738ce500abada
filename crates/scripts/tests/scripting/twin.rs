//! A real server, and this crate with a second one of the same kind behind it.

use std::collections::HashMap;

use tidegate_scripts::{Call, CommandInfo, Host, Limits, LogLevel, Pulse, Scripting, Version};
use tidegate_test_support::{Flavor, RedisServer, Reply, Wire};
use tidegate_wire::resp::RespVersion;

/// A script with its keys and arguments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    pub(crate) source: String,
    pub(crate) keys: Vec<String>,
    pub(crate) args: Vec<String>,
    pub(crate) is_read_only: bool,
}

/// The server that answers the commands of scripts.
#[derive(Debug)]
pub(crate) struct ServerHost {
    wires: [Wire; 2],
    known: HashMap<String, Option<(i64, Vec<String>)>>,
}

impl ServerHost {
    pub(crate) fn new(server: &RedisServer) -> Self {
        let mut wires = [server.wire(), server.wire()];
        wires[1].hello3();
        Self { wires, known: HashMap::new() }
    }

    /// The arity and the flags of the command, or of its subcommand.
    fn known(&mut self, words: &[&[u8]]) -> Option<(i64, Vec<String>)> {
        let name = String::from_utf8_lossy(words[0]).to_lowercase();
        let whole = self.ask(&name)?;
        let Some(sub) = words.get(1) else { return Some(whole) };
        if !matches!(
            &*name,
            "config"
                | "script"
                | "function"
                | "acl"
                | "cluster"
                | "debug"
                | "object"
                | "xgroup"
                | "xinfo"
                | "client"
                | "memory"
        ) {
            return Some(whole);
        }
        Some(
            self.ask(&format!("{name}|{}", String::from_utf8_lossy(sub).to_lowercase()))
                .unwrap_or(whole),
        )
    }

    fn ask(&mut self, name: &str) -> Option<(i64, Vec<String>)> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let reply = self.wires[0].cmd(&["COMMAND", "INFO", name]);
        let Reply::Array(rows) = reply else { panic!("{reply:?}") };
        let found = match &rows[0] {
            Reply::Array(row) => {
                let Reply::Array(flags) = &row[2] else { panic!("{row:?}") };
                Some((row[1].int(), flags.iter().map(|it| it.str().to_owned()).collect()))
            }
            _ => None,
        };
        self.known.insert(name.to_owned(), found.clone());
        found
    }
}

impl Host for ServerHost {
    fn describe(&mut self, words: &[&[u8]]) -> Option<CommandInfo> {
        let (arity, flags) = self.known(words)?;
        let count = i64::try_from(words.len()).unwrap();
        let has = |flag: &str| flags.iter().any(|it| it == flag);
        Some(CommandInfo {
            fits: if arity < 0 { count >= -arity } else { count == arity },
            may_write: has("write"),
            is_denied: has("noscript"),
        })
    }

    fn call(&mut self, call: Call<'_>, reply: &mut Vec<u8>) {
        let wire = &mut self.wires[usize::from(call.version == RespVersion::V3)];
        wire.send(call.words);
        reply.extend(wire.read_raw_reply());
    }

    fn is_permitted(&mut self, _words: &[&[u8]]) -> bool {
        true
    }

    fn log(&mut self, _level: LogLevel, _text: &[u8]) {}

    fn pulse(&mut self, _has_written: bool) -> Pulse {
        Pulse::Continue
    }
}

/// Both of them.
#[derive(Debug)]
pub(crate) struct Twin {
    server: RedisServer,
    wires: [Wire; 2],
    _behind: RedisServer,
    host: ServerHost,
    scripting: Scripting,
}

impl Twin {
    pub(crate) fn spawn(flavor: Flavor) -> Self {
        let (server, behind) = (RedisServer::spawn(flavor), RedisServer::spawn(flavor));
        let mut wires = [server.wire(), server.wire()];
        wires[1].hello3();
        let host = ServerHost::new(&behind);
        let scripting = Scripting::new(&Limits::default(), &Version::default()).unwrap();
        Self { server, wires, _behind: behind, host, scripting }
    }

    /// The reply of the server and that of this crate, in this protocol.
    pub(crate) fn run(&mut self, case: &Case, version: RespVersion) -> (Vec<u8>, Vec<u8>) {
        self.server.cmd(&["FLUSHALL"]).ok();
        self.host.wires[0].cmd(&["FLUSHALL"]).ok();
        let name = if case.is_read_only { "EVAL_RO" } else { "EVAL" };
        let count = case.keys.len().to_string();
        let mut words = vec![name, &case.source, &count];
        words.extend(case.keys.iter().chain(&case.args).map(String::as_str));
        let wire = &mut self.wires[usize::from(version == RespVersion::V3)];
        wire.send(&words);
        let expected = wire.read_raw_reply();
        (expected, self.execute(&words, version))
    }

    /// The reply of the server and that of this crate to a command.
    pub(crate) fn command(&mut self, words: &[&str], version: RespVersion) -> (Vec<u8>, Vec<u8>) {
        let wire = &mut self.wires[usize::from(version == RespVersion::V3)];
        wire.send(words);
        (wire.read_raw_reply(), self.execute(words, version))
    }

    fn execute(&mut self, words: &[&str], version: RespVersion) -> Vec<u8> {
        let words: Vec<&[u8]> = words.iter().map(|it| it.as_bytes()).collect();
        let mut found = Vec::new();
        assert!(self.scripting.execute(&words, version, &mut self.host, &mut found));
        found
    }
}
