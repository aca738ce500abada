//! Sections and keys that do not exist.

use toml::de::{DeTable, DeValue};

use super::nearest;
use crate::config::mistakes::{Problem, Report, one_line};
use crate::config::model::{Config, Key};

/// Notes every section and key of `file` that does not exist.
pub(in crate::config) fn check(file: &DeTable<'_>, report: &mut Report<'_>) {
    let keys = Config::keys();
    for (section, raw) in file {
        let name = section.get_ref().as_ref();
        if !keys.iter().any(|key| key.section == name) {
            let nearest = nearest::section(name, &keys)
                .inspect(|section| report.meant(section))
                .map(|section| format!("[{section}]"))
                .or_else(|| nearest::orphan(name, &keys).map(Key::path));
            let problem = Problem::UnknownSection { section: one_line(name), nearest };
            report.add(section.span().start, problem);
            continue;
        }
        match raw.get_ref() {
            DeValue::Table(table) => names(table, &keys, (name, name), "", report),
            DeValue::Array(tables) if keys.iter().any(|key| key.section == name && key.repeats) => {
                for (at, table) in tables.iter().enumerate() {
                    if let Some(table) = table.get_ref().as_table() {
                        names(table, &keys, (name, &format!("{name}[{at}]")), "", report);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Notes the names in `table` that are no keys of `section`, which messages call `path`. They stand
/// for keys that begin with `prefix`.
fn names(
    table: &DeTable<'_>,
    keys: &[Key],
    (section, path): (&str, &str),
    prefix: &str,
    report: &mut Report<'_>,
) {
    for (key, raw) in table {
        let name = format!("{prefix}{}", key.get_ref());
        if keys.iter().any(|k| k.section == section && k.is_called(&name)) {
            continue;
        }
        let mut inner =
            keys.iter().filter(|k| k.section == section && k.is_under(&name)).peekable();
        if inner.peek().is_some() {
            match raw.get_ref().as_table() {
                Some(table) => {
                    names(table, keys, (section, path), &format!("{name}."), report);
                }
                None => {
                    let accepted: Vec<_> = inner.map(|key| key.name).collect();
                    report.no_table(&format!("{path}.{name}"), raw, &accepted.join(", "));
                }
            }
            continue;
        }
        let meant = nearest::key(section, &name, keys);
        let nearest = meant.map(|meant| {
            let is_own = meant.section == section;
            report.meant(&if is_own { format!("{path}.{}", meant.name) } else { meant.path() });
            if is_own { meant.name.to_owned() } else { meant.path() }
        });
        let key_path = format!("{path}.{}", one_line(&name));
        report.add(key.span().start, Problem::UnknownKey { key: key_path, nearest });
    }
}
