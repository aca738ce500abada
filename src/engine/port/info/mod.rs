//! INFO.

mod human;
mod replication;
mod resources;
mod server;
mod stats;

use std::fmt::{Display, Write as _};

use super::call::Call;
use crate::topology::ServerVersion;

/// A section: its name, whether INFO without arguments has it, what writes it.
struct Section {
    name: &'static str,
    is_default: bool,
    write: fn(&mut Call<'_, '_>, &mut Page),
}

const fn section(name: &'static str, write: fn(&mut Call<'_, '_>, &mut Page)) -> Section {
    Section { name, is_default: true, write }
}

/// In the order in which servers tell them.
const SECTIONS: &[Section] = &[
    section("server", server::server),
    section("clients", server::clients),
    section("memory", resources::memory),
    section("persistence", stats::persistence),
    section("stats", stats::stats),
    section("replication", replication::replication),
    section("cpu", resources::cpu),
    Section { is_default: false, ..section("commandstats", stats::commandstats) },
    section("cluster", server::cluster),
    section("keyspace", stats::keyspace),
    section("tidegate", server::tidegate),
];

/// The text that is told.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    /// Whom it is told for: servers of other versions tell other fields.
    server: ServerVersion,
}

impl Page {
    fn head(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.text.push_str("\r\n");
        }
        // Writing to a string does not fail.
        let _ = write!(self.text, "# {title}\r\n");
    }

    fn field(&mut self, name: impl Display, value: impl Display) {
        let _ = write!(self.text, "{name}:{value}\r\n");
    }

    fn is_valkey(&self) -> bool {
        self.server.name == "valkey"
    }

    /// Whether the server is Redis of this version or later.
    fn is_redis(&self, version: (u32, u32, u32)) -> bool {
        let mut parts = self.server.version.split('.').map(|part| part.parse().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        let own: (u32, u32, u32) = (next(), next(), next());
        !self.is_valkey() && own >= version
    }

    /// The version of Redis that it is like.
    fn redis_version(&self) -> &str {
        if self.is_valkey() { "7.2.4" } else { &self.server.version }
    }
}

/// INFO [section ...].
pub(super) fn info(call: &mut Call<'_, '_>) {
    let mut page = Page { server: call.client.desk.server(), ..Page::default() };
    for section in SECTIONS {
        if is_wanted(section, call.args.get(1..).unwrap_or_default()) {
            (section.write)(call, &mut page);
        }
    }
    call.verbatim(&page.text);
}

fn is_wanted(section: &Section, names: &[&[u8]]) -> bool {
    let is = |name: &&[u8], word: &str| name.eq_ignore_ascii_case(word.as_bytes());
    names.is_empty() && section.is_default
        || names.iter().any(|name| {
            is(name, section.name)
                || is(name, "all")
                || is(name, "everything")
                || is(name, "default") && section.is_default
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_decide_about_fields() {
        let page = |name: &str, version: &str| {
            let server = ServerVersion {
                name: name.to_owned(),
                version: version.to_owned(),
                ..ServerVersion::default()
            };
            Page { server, ..Page::default() }
        };
        assert!(page("redis", "7.0.15").is_redis((7, 0, 0)));
        assert!(!page("redis", "6.2.5").is_redis((6, 2, 16)));
        assert!(!page("valkey", "9.1.2").is_redis((7, 0, 0)));
        assert_eq!(page("valkey", "9.1.2").redis_version(), "7.2.4");
    }

    #[test]
    fn sections_are_chosen_by_name() {
        let chosen = |names: &[&[u8]]| {
            let wanted = SECTIONS.iter().filter(|it| is_wanted(it, names));
            wanted.map(|it| it.name).collect::<Vec<_>>()
        };
        assert_eq!(chosen(&[b"SERVER", b"keyspace"]), ["server", "keyspace"]);
        assert_eq!(chosen(&[]), chosen(&[b"default"]));
        assert_eq!(chosen(&[b"all"]).len(), SECTIONS.len());
        assert_eq!(chosen(&[b"all"]).len(), chosen(&[]).len() + 1);
        assert!(chosen(&[b"nosuch"]).is_empty());
    }
}
