//! Names: of hosts, of files.

use super::scalar::quoted;
use super::{Kind, Raw, Read, Wrong};
use tidegate_wire::units::HostPort;

/// The longest name of a file on the file systems there are.
const MAX_FILE_NAME: usize = 255;
/// Linux's longest path, its end included.
const MAX_PATH: usize = 4095;

/// A host's name or address, as [`HostPort`] takes it; empty is none.
#[derive(Debug)]
pub(crate) struct HostName;

/// The host that `text` is, an IPv6 address with or without brackets.
fn host(text: &str) -> Option<String> {
    HostPort::of(text, "1").ok().map(|address| address.host)
}

/// The text that `raw` is, if it is one and `is_good`.
fn text<'a>(raw: &'a Raw<'a>, is_good: impl Fn(&str) -> bool) -> Read<'a, String> {
    let text = raw.get_ref().as_str().filter(|text| is_good(text));
    text.map_or_else(|| Wrong::all(raw), |text| Ok(text.to_owned()))
}

impl Kind for HostName {
    type Value = String;

    fn accepted(&self) -> String {
        "a host name or an IP address; \"\" is none".to_owned()
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, String> {
        match raw.get_ref().as_str() {
            Some("") => Ok(String::new()),
            Some(text) => host(text).map_or_else(|| Wrong::all(raw), Ok),
            None => Wrong::all(raw),
        }
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// The name of a file, without a directory.
#[derive(Debug)]
pub(crate) struct FileName;

fn is_file_name(text: &str) -> bool {
    (1..=MAX_FILE_NAME).contains(&text.len())
        && !matches!(text, "." | "..")
        && !text.contains('/')
        && !text.contains(char::is_control)
}

impl Kind for FileName {
    type Value = String;

    fn accepted(&self) -> String {
        format!("a file's name of at most {MAX_FILE_NAME} bytes, without a directory")
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, String> {
        text(raw, is_file_name)
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// The path of a directory.
#[derive(Debug)]
pub(crate) struct Path;

impl Kind for Path {
    type Value = String;

    fn accepted(&self) -> String {
        format!("a path of 1 to {MAX_PATH} bytes without control characters")
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, String> {
        text(raw, |path| (1..=MAX_PATH).contains(&path.len()) && !path.contains(char::is_control))
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_addresses() {
        for (text, read) in [("10.0.0.1", "10.0.0.1"), ("[::1]", "::1"), ("0:0::1", "::1")] {
            assert_eq!(host(text).as_deref(), Some(read), "{text}");
        }
        for text in ["", " ", "a:1", "10.0.0.256", "a b", "[::1", "::1]", "[::1]:5"] {
            assert_eq!(host(text), None, "{text}");
        }
    }

    #[test]
    fn a_files_name_leads_nowhere_else() {
        for text in ["dump.rdb", "...", "a b", "é"] {
            assert!(is_file_name(text), "{text}");
        }
        for text in ["", ".", "..", "/dump.rdb", "../dump.rdb", "a/b", "a\0b", &"a".repeat(256)] {
            assert!(!is_file_name(text), "{text}");
        }
    }
}
