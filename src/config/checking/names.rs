//! The keys that a file gives, with their places.

use toml::de::{DeTable, DeValue};

use crate::config::model::Key;

/// Calls `visit` for each key that `file` gives: the key, its path with the place of its table
/// (`rule[2].reads`), and the offset of its name.
pub(super) fn visit(file: &DeTable<'_>, keys: &[Key], visit: &mut impl FnMut(&Key, String, usize)) {
    for (section, raw) in file {
        let name = section.get_ref().as_ref();
        let own: Vec<&Key> = keys.iter().filter(|key| key.section == name).collect();
        match raw.get_ref() {
            DeValue::Table(table) => within(table, &own, name, "", visit),
            DeValue::Array(tables) if own.iter().any(|key| key.repeats) => {
                for (at, table) in tables.iter().enumerate() {
                    if let Some(table) = table.get_ref().as_table() {
                        within(table, &own, &format!("{name}[{at}]"), "", visit);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The same for the names in `table`, which stand for keys that begin with `prefix`.
fn within(
    table: &DeTable<'_>,
    keys: &[&Key],
    path: &str,
    prefix: &str,
    visit: &mut impl FnMut(&Key, String, usize),
) {
    for (name, raw) in table {
        let full = format!("{prefix}{}", name.get_ref());
        if let Some(key) = keys.iter().find(|key| key.is_called(&full)) {
            visit(key, format!("{path}.{}", key.name), name.span().start);
        } else if let Some(inner) = raw.get_ref().as_table()
            && keys.iter().any(|key| key.is_under(&full))
        {
            within(inner, keys, path, &format!("{full}."), visit);
        }
    }
}
