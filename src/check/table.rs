//! The servers as a table.

use super::Said;
use crate::topology::{Backend, LinkState, Observation, ServerRole, Topology};

const HEAD: [&str; 6] = ["SERVER", "ROLE", "STATE", "VERSION", "LINKS", "WEIGHT"];

/// One line per server, the columns aligned. Without colours: it is read by scripts, too.
pub(super) fn servers(topology: &Topology, said: &[Said<'_>]) -> String {
    let row = |backend: &Backend| {
        let said = said.iter().find(|(addr, _)| **addr == backend.addr);
        let said = said.and_then(|(_, said)| said.as_ref().ok().copied());
        [
            backend.addr.to_string(),
            backend.role.to_string(),
            backend.excluded.clone().unwrap_or_else(|| "ok".to_owned()),
            said.map(|said| format!("{} {}", said.version.name, said.version.version))
                .unwrap_or_else(|| "-".to_owned()),
            said.map(links).unwrap_or_else(|| "-".to_owned()),
            backend.weight.to_string(),
        ]
    };
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(topology.backends.iter().map(row));
    aligned(&rows)
}

/// A master's replicas, or the state of a replica's link.
fn links(said: &Observation) -> String {
    match &said.role {
        ServerRole::Master { replicas } if replicas.len() == 1 => "1 replica".to_owned(),
        ServerRole::Master { replicas } => format!("{} replicas", replicas.len()),
        ServerRole::Replica { link: LinkState::Up, .. } => "up".to_owned(),
        ServerRole::Replica { link: LinkState::Syncing, .. } => "syncing".to_owned(),
        ServerRole::Replica { link: LinkState::Down, .. } => "down".to_owned(),
        ServerRole::Other(_) => "-".to_owned(),
    }
}

fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| width(column).unwrap_or(0));
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line += &format!("{cell:width$}  ");
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_end_with_their_text() {
        let rows = [["A", "B", "C"], ["äöü", "b", ""], ["a", "long one", "c"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), "A    B         C\näöü  b\na    long one  c\n");
    }
}
