//! A server's state as one word, with its severity.

use super::Server;

/// How bad a state is. Each has a colour and a sign of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The master.
    Master,
    /// It serves reads.
    Good,
    /// It works, and serves no reads now.
    Warning,
    /// It does not answer, or nothing is known about it.
    Unknown,
    /// Its data is that of another master.
    Foreign,
}

impl Severity {
    /// Its name in the page's style sheet.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Foreign => "foreign",
        }
    }

    /// Its sign, which needs no colour.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Master => "\u{25c6}",
            Self::Good => "\u{25cf}",
            Self::Warning => "\u{25b2}",
            Self::Unknown => "\u{25cb}",
            Self::Foreign => "\u{25a0}",
        }
    }
}

/// A server's state in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// How bad it is.
    pub severity: Severity,
    /// The state as one word.
    pub word: &'static str,
    /// Why it serves no reads.
    pub why: Option<String>,
}

impl Condition {
    /// The state of `server`.
    #[must_use]
    pub fn of(server: &Server) -> Self {
        let (severity, word) = match (&*server.role, server.state.as_deref()) {
            ("master", _) => (Severity::Master, "master"),
            (_, Some("stale")) => (Severity::Warning, "stale"),
            (_, Some("foreign")) => (Severity::Foreign, "foreign"),
            (_, Some("fresh")) if !server.reads => (Severity::Warning, "excluded"),
            (_, Some("fresh")) => (Severity::Good, "fresh"),
            _ => (Severity::Unknown, "unknown"),
        };
        let rests = || server.resting.then(|| "resting after a failure".to_owned());
        let why = server.excluded.clone().or_else(|| server.reason.clone()).or_else(rests);
        Self { severity, word, why: why.filter(|_| !server.reads) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_word() {
        let of = |role: &str, state: Option<&str>, reads, reason: Option<&str>| {
            let (role, state) = (role.to_owned(), state.map(str::to_owned));
            let reason = reason.map(str::to_owned);
            Condition::of(&Server { role, state, reads, reason, ..Server::default() })
        };
        assert_eq!(of("master", None, true, None).word, "master");
        assert_eq!(of("replica", Some("fresh"), true, None).severity, Severity::Good);
        assert_eq!(of("replica", Some("fresh"), false, None).word, "excluded");
        let stale = of("replica", Some("stale"), false, Some("lag"));
        assert_eq!((stale.word, stale.why.as_deref()), ("stale", Some("lag")));
        assert_eq!(of("unknown", Some("unknown"), false, None).severity, Severity::Unknown);
        assert_eq!(of("replica", Some("foreign"), false, None).word, "foreign");
    }
}
