//! `[log]`: what is logged, and in which format.

use tracing_subscriber::EnvFilter;

use super::section::section;
use crate::config::kind::{Choice, Kind, OneOf, Raw, Read, Text, Wrong, quoted};

section! {
    /// `[log]`: the log on standard error.
    pub struct Log = "log" {
        /// The format of a line.
        "format" => format: LogFormat = LogFormat::Text, OneOf::<LogFormat>::new(), Restart;

        /// Which events are logged: a level, or directives of tracing's `EnvFilter`.
        /// redis.conf: `loglevel`.
        "level" => level: String = "info".to_owned(), Directives, Live;
    }
}

/// The format of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object per line.
    Json,
}

impl Choice for LogFormat {
    const ALL: &'static [Self] = &[Self::Text, Self::Json];

    fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Directives that `EnvFilter` parses, with one exception: a single word has to be a level.
/// `EnvFilter` takes any other word for a module's name, so `level = "inof"` would turn the log
/// off.
#[derive(Debug)]
struct Directives;

impl Directives {
    fn is_valid(text: &str) -> bool {
        let says_a_level =
            |part: &str| part.contains(['=', '[']) || LEVELS.contains(&part.to_lowercase().trim());
        text.split(',').all(says_a_level)
            && EnvFilter::builder().with_regex(false).parse(text).is_ok()
    }
}

impl Kind for Directives {
    type Value = String;

    fn accepted(&self) -> String {
        format!(
            "one of {}, or directives such as \"info,tidegate::monitor=debug\"",
            LEVELS.join(", ")
        )
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, String> {
        Text.read(raw)?;
        match raw.get_ref().as_str() {
            Some(text) if Self::is_valid(text) => Ok(text.to_owned()),
            _ => Wrong::all(raw),
        }
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}
