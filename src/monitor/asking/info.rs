//! Replies to `INFO`: lines of `field:value`.

use std::borrow::Cow;

use redis_protocol::resp2::types::BytesFrame;

use super::frame::text;
use super::words::word;

/// Sections of `INFO`.
#[derive(Debug)]
pub(in crate::monitor) struct Info<'a>(Vec<Cow<'a, str>>);

impl<'a> Info<'a> {
    /// The sections among `replies`.
    pub(in crate::monitor) fn new(replies: &'a [BytesFrame]) -> Self {
        Self(replies.iter().filter_map(text).collect())
    }

    /// The value of `field`.
    pub(in crate::monitor) fn get(&self, field: &str) -> Option<&str> {
        let lines = self.0.iter().flat_map(|section| section.lines());
        lines.filter_map(|line| line.strip_prefix(field)?.strip_prefix(':')).next()
    }

    /// The values of `prefix0`, `prefix1` and so on, in the order of the reply.
    pub(in crate::monitor) fn numbered(&self, prefix: &str) -> impl Iterator<Item = &str> {
        let lines = self.0.iter().flat_map(|section| section.lines());
        lines.filter_map(move |line| {
            let (number, value) = line.strip_prefix(prefix)?.split_once(':')?;
            number.parse::<u32>().ok().map(|_| value)
        })
    }

    /// The value of `field` as a word for logs, replies and tables; empty if there is none.
    pub(in crate::monitor) fn word(&self, field: &str) -> String {
        self.get(field).map(word).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_whole_fields_only() {
        let replies = [BytesFrame::BulkString("# Server\r\nrun_id:ab c\u{7}\r\nrun:2\r\n".into())];
        let info = Info::new(&replies);
        assert_eq!(info.get("run"), Some("2"));
        assert_eq!(info.get("un_id"), None);
        assert_eq!(info.word("run_id"), "abc");
        assert_eq!(info.word("none"), "");
    }
}
