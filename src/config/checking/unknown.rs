//! Sections and keys that do not exist.

use toml::de::DeTable;

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
        for (key, _) in raw.get_ref().as_table().into_iter().flatten() {
            if !keys.iter().any(|k| k.section == name && k.is_called(key.get_ref())) {
                let meant = nearest::key(name, key.get_ref(), &keys);
                let nearest = meant.map(|meant| {
                    report.meant(&meant.path());
                    if meant.section == name { meant.name.to_owned() } else { meant.path() }
                });
                let key_path = format!("{name}.{}", one_line(key.get_ref()));
                let problem = Problem::UnknownKey { key: key_path, nearest };
                report.add(key.span().start, problem);
            }
        }
    }
}
