//! Which line of a file gives which key.

use std::collections::HashMap;

use toml::de::DeTable;

use super::names;
use crate::config::mistakes::Source;
use crate::config::model::Config;
use crate::config::parser_stack::on_large_stack;

/// The line of each key that a file gives, counted from 1.
#[derive(Clone, Debug, Default)]
pub struct Lines(HashMap<String, usize>);

impl Lines {
    /// Finds every key of `text`.
    #[must_use]
    pub fn in_text(text: &str) -> Self {
        let find = || {
            let source = Source::new(text);
            let (file, _) = DeTable::parse_recoverable(text);
            let known = Config::keys();
            let mut lines = HashMap::new();
            names::visit(file.get_ref(), &known, &mut |_, path, at| {
                lines.insert(path, source.line(at));
            });
            Self(lines)
        };
        on_large_stack(find).unwrap_or_default()
    }

    /// The line of the key at `path`; `None` if the file does not give it.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<usize> {
        self.0.get(path).copied()
    }
}
