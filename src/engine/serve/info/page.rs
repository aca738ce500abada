//! The text of INFO, field by field.

use std::fmt::{Display, Write as _};

use crate::topology::ServerVersion;

/// The text of INFO.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    /// The server that INFO imitates: each version reports its own fields.
    server: ServerVersion,
}

impl Page {
    /// Returns an empty text for a server of this version.
    pub(super) fn new(server: ServerVersion) -> Self {
        Self { text: String::new(), server }
    }

    /// Returns the text so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn head(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.text.push_str("\r\n");
        }
        // Writing to a string does not fail.
        let _ = write!(self.text, "# {title}\r\n");
    }

    pub(super) fn field(&mut self, name: impl Display, value: impl Display) {
        let _ = write!(self.text, "{name}:{value}\r\n");
    }

    pub(super) fn is_valkey(&self) -> bool {
        self.server.name == "valkey"
    }

    /// Returns the version of the server.
    pub(super) fn version(&self) -> &str {
        &self.server.version
    }

    /// Whether the server is Redis of this version or later.
    pub(super) fn is_redis(&self, version: (u32, u32, u32)) -> bool {
        let mut parts = self.server.version.split('.').map(|part| part.parse().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        let own: (u32, u32, u32) = (next(), next(), next());
        !self.is_valkey() && own >= version
    }

    /// Returns the version of Redis that the server is compatible with.
    pub(super) fn redis_version(&self) -> &str {
        if self.is_valkey() { "7.2.4" } else { &self.server.version }
    }
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
            Page::new(server)
        };
        assert!(page("redis", "7.0.15").is_redis((7, 0, 0)));
        assert!(!page("redis", "6.2.5").is_redis((6, 2, 16)));
        assert!(!page("valkey", "9.1.2").is_redis((7, 0, 0)));
        assert_eq!(page("valkey", "9.1.2").redis_version(), "7.2.4");
    }
}
