//! A real Redis 7.0 and the crate, which are asked the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidegate_acl::{Acl, AclCommand, AclLog, Asking, Catalog, answer};
use tidegate_test_support::{Flavor, RedisServer, Reply, Wire, wire};
use tidegate_wire::resp::{RespVersion, encode};

/// A real server and the crate with the same users.
pub(crate) struct Pair {
    server: RedisServer,
    wire: Wire,
    pub(crate) acl: Acl,
    version: RespVersion,
}

impl Pair {
    pub(crate) fn new(version: RespVersion) -> Self {
        Self::with(version, RedisServer::spawn(Flavor::Redis70))
    }

    /// `server` has the user `default` only.
    pub(crate) fn with(version: RespVersion, server: RedisServer) -> Self {
        let mut wire = server.wire();
        let names: BTreeSet<String> = ["slow", "fast"]
            .into_iter()
            .flat_map(|category| match wire.cmd(&["ACL", "CAT", category]) {
                Reply::Array(names) => names,
                other => panic!("{other:?}"),
            })
            .map(|name| name.str().to_owned())
            .collect();
        if version == RespVersion::V3 {
            wire.hello3();
        }
        let acl = Acl::new(Arc::new(Catalog::only(|name| names.contains(name))));
        Self { server, wire, acl, version }
    }

    pub(crate) fn server(&self) -> &RedisServer {
        &self.server
    }

    /// Asks the server alone.
    #[track_caller]
    pub(crate) fn theirs(&mut self, args: &[&str]) -> Reply {
        self.wire.cmd(args)
    }

    /// Asks both, and returns both replies in a form that can be compared.
    pub(crate) fn ask<A: AsRef<[u8]>>(&mut self, requests: &[Vec<A>]) -> Vec<(String, String)> {
        let mut bytes = Vec::new();
        requests.iter().for_each(|args| wire::append(&mut bytes, args));
        self.wire.send_raw(&bytes);
        let mut both = Vec::new();
        for args in requests {
            let theirs = self.wire.read_raw_reply();
            let ours = self.ours(args);
            both.push((normal(&ours), normal(&theirs)));
        }
        both
    }

    /// Asks both, and fails unless they answer the same. Returns the reply.
    #[track_caller]
    pub(crate) fn same<A: AsRef<[u8]>>(&mut self, args: &[A]) -> String {
        let request: Vec<&[u8]> = args.iter().map(AsRef::as_ref).collect();
        let (ours, theirs) = self.ask(&[request]).remove(0);
        let line: Vec<_> = args.iter().map(|arg| String::from_utf8_lossy(arg.as_ref())).collect();
        assert_eq!(ours, theirs, "left is ours: {line:?}");
        ours
    }

    fn ours<A: AsRef<[u8]>>(&mut self, args: &[A]) -> Vec<u8> {
        let args: Vec<&[u8]> = args.iter().map(AsRef::as_ref).collect();
        let asking =
            Asking { version: self.version, username: b"default", now_ms: 0, random: &[0; 512] };
        let mut out = Vec::new();
        match AclCommand::parse(&args) {
            Ok(command) => {
                answer(&command, &mut self.acl, &mut AclLog::default(), &asking, &mut out);
            }
            Err(error) => encode::error(&mut out, &error),
        }
        out
    }
}

/// Sorts single commands that follow each other, because a server lists them in no fixed order.
fn normal(reply: &[u8]) -> String {
    let text = String::from_utf8_lossy(reply).replace('(', "( ").replace(')', " )");
    let lines = text.split("\r\n").map(|line| {
        let mut words: Vec<_> = line.split(' ').collect();
        let is_command = |word: &str| {
            word.len() > 1 && word.starts_with(['+', '-']) && !word[1..].starts_with('@')
        };
        let runs = words.chunk_by_mut(|a, b| is_command(a) && is_command(b));
        runs.for_each(|run| run.sort_unstable());
        words.join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}
