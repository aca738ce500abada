//! The text of a `proxy.toml`: the line of a byte, and how messages show a value.

use toml::Spanned;
use toml::de::DeValue;

use tidegate_wire::units::Secret;

/// The most characters of a wrong value that messages show.
const MAX_SHOWN: usize = 64;

/// The text and the offsets at which its lines begin.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    text: &'a str,
    line_starts: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
        Self { text, line_starts: std::iter::once(0).chain(ends).collect() }
    }

    /// The line that holds the byte at `offset`, counted from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).max(1)
    }

    /// The column of the byte at `offset`, in characters counted from 1.
    pub(crate) fn column(&self, offset: usize) -> usize {
        let start = self.line_starts.get(self.line(offset) - 1).copied().unwrap_or(0);
        let before = self.text.as_bytes().get(start..offset).unwrap_or_default();
        String::from_utf8_lossy(before).chars().count() + 1
    }

    /// A value as the file has it, on one line and shortened. Parts that may hold a secret are
    /// masked: lists and tables, which may be nested, and the text before an `@`, as in a URL.
    pub(crate) fn show(&self, value: &Spanned<DeValue<'_>>) -> String {
        match value.get_ref() {
            DeValue::Array(items) if items.is_empty() => "[]".to_owned(),
            DeValue::Array(_) => "[...]".to_owned(),
            DeValue::Table(_) => "{...}".to_owned(),
            _ => one_line(self.text.get(value.span()).unwrap_or_default()),
        }
    }
}

/// `text` on one line, shortened, with the credentials of a URL masked.
pub(crate) fn one_line(text: &str) -> String {
    let (masked, text) = match text.rsplit_once('@') {
        Some((before, after)) => {
            let quote = before.chars().next().filter(|c| matches!(c, '"' | '\''));
            (quote.into_iter().chain(Secret::MASK.chars()).chain(['@']).collect(), after)
        }
        None => (String::new(), text),
    };
    let mut shown = masked;
    for (i, c) in text.chars().enumerate() {
        if i == MAX_SHOWN {
            shown.push_str("...");
            break;
        }
        shown.push(if c.is_control() { ' ' } else { c });
    }
    shown
}
