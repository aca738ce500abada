//! What `CLIENT LIST` says, by fields.

use std::collections::BTreeMap;

use crate::server::RedisServer;
use crate::wire::Wire;

/// One client's line.
#[derive(Clone, Debug, Default)]
pub struct ClientLine(BTreeMap<String, String>);

impl ClientLine {
    /// A field; empty if it is not there.
    pub fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    pub fn id(&self) -> i64 {
        self.get("id").parse().unwrap()
    }

    pub fn has_flag(&self, flag: char) -> bool {
        self.get("flags").contains(flag)
    }
}

/// The lines of a `CLIENT LIST` or `CLIENT INFO` reply.
pub fn parse(text: &str) -> Vec<ClientLine> {
    let fields = |line: &str| {
        let fields = line.split_whitespace().filter_map(|field| field.split_once('='));
        ClientLine(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    };
    text.lines().filter(|line| !line.is_empty()).map(fields).collect()
}

/// The clients that `wire`'s other side has.
#[track_caller]
pub fn list(wire: &mut Wire) -> Vec<ClientLine> {
    parse(wire.cmd(&["CLIENT", "LIST"]).str())
}

/// The clients that a server has.
#[track_caller]
pub fn of_server(server: &RedisServer) -> Vec<ClientLine> {
    list(&mut server.wire())
}

/// The id of the only client of `server` that `is` true for.
pub fn only(server: &RedisServer, is: impl Fn(&ClientLine) -> bool) -> Result<i64, String> {
    let found: Vec<_> = of_server(server).into_iter().filter(is).collect();
    match found.as_slice() {
        [one] => Ok(one.id()),
        other => Err(format!("{} such clients: {other:?}", other.len())),
    }
}
