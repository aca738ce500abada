//! INFO: the state of the engine, section by section.

mod human;
mod page;
mod persistence;
mod replication;
mod resources;
mod server;
mod stats;

use super::call::Call;
use page::Page;

/// A section: its name, whether INFO without arguments has it, what writes it.
struct Section {
    name: &'static str,
    is_default: bool,
    write: fn(&mut Call<'_, '_>, &mut Page),
}

const fn section(name: &'static str, write: fn(&mut Call<'_, '_>, &mut Page)) -> Section {
    Section { name, is_default: true, write }
}

/// All sections, in the order in which servers report them.
const SECTIONS: &[Section] = &[
    section("server", server::server),
    section("clients", server::clients),
    section("memory", resources::memory),
    section("persistence", persistence::persistence),
    section("stats", stats::stats),
    section("replication", replication::replication),
    section("cpu", resources::cpu),
    Section { is_default: false, ..section("commandstats", stats::commandstats) },
    section("cluster", server::cluster),
    section("keyspace", stats::keyspace),
    section("tidegate", server::tidegate),
];

/// Runs INFO [section ...].
pub(in crate::engine::serve) fn info(call: &mut Call<'_, '_>) {
    let mut page = Page::new(call.client.context.server());
    for section in SECTIONS {
        if is_wanted(section, call.args.get(1..).unwrap_or_default()) {
            (section.write)(call, &mut page);
        }
    }
    call.verbatim(page.text());
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
