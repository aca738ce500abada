//! The text of a `proxy.toml`: where a span stands, and how a value in it is shown.

use toml::Spanned;
use toml::de::DeValue;

use tidegate_wire::units::Secret;

/// How many characters of a wrong value are shown.
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

    /// A value as it is written, on one line and not too long. What might hold a secret is not
    /// shown: lists and tables (they may be nested), and what stands before an `@`, as in a URL.
    pub(crate) fn show(&self, value: &Spanned<DeValue<'_>>) -> String {
        match value.get_ref() {
            DeValue::Array(items) if items.is_empty() => "[]".to_owned(),
            DeValue::Array(_) => "[...]".to_owned(),
            DeValue::Table(_) => "{...}".to_owned(),
            _ => one_line(self.text.get(value.span()).unwrap_or_default()),
        }
    }
}

/// `text` without control characters, URL credentials and excess length.
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
