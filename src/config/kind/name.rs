//! The kinds of values that are names of hosts, masters, files and directories.

use super::scalar::quoted;
use super::{Kind, Raw, Read, Wrong};
use tidegate_wire::units::HostPort;

/// The longest name of a file, as in Linux's file systems.
const MAX_FILE_NAME: usize = 255;
/// The longest name of a master.
const MAX_MASTER_NAME: usize = 128;
/// The longest path, as in Linux.
const MAX_PATH: usize = 4095;

/// A host's name or address, as in a [`HostPort`]; empty means none.
#[derive(Debug)]
pub(crate) struct HostName;

/// The host in `text`, where an IPv6 address may have brackets; `None` if it is no host.
fn host(text: &str) -> Option<String> {
    HostPort::of(text, "1").ok().map(|address| address.host)
}

/// The string `raw`, if it is a string for which `is_good` is true.
fn text<'a>(raw: &'a Raw<'a>, is_good: impl Fn(&str) -> bool) -> Read<'a, String> {
    let text = raw.get_ref().as_str().filter(|text| is_good(text));
    text.map_or_else(|| Wrong::all(raw), |text| Ok(text.to_owned()))
}

impl Kind for HostName {
    type Value = String;

    fn accepted(&self) -> String {
        "a host name or an IP address, or \"\" for none".to_owned()
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

/// The name under which Sentinels watch a master. Their messages separate words by blanks, so a name
/// has none.
#[derive(Debug)]
pub(crate) struct MasterName;

impl Kind for MasterName {
    type Value = String;

    fn accepted(&self) -> String {
        format!("a master's name of 1 to {MAX_MASTER_NAME} ASCII characters without blanks")
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, String> {
        let is_name = |text: &str| {
            let is_short = (1..=MAX_MASTER_NAME).contains(&text.len());
            is_short && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        text(raw, is_name)
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

/// The path of a file; empty means none.
#[derive(Debug)]
pub(crate) struct FilePath;

impl Kind for FilePath {
    type Value = String;

    fn accepted(&self) -> String {
        format!("a file's path of at most {MAX_PATH} bytes, or \"\" for none")
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, String> {
        text(raw, |path| path.len() <= MAX_PATH && !path.contains(char::is_control))
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// The permissions of a file, in octal digits.
#[derive(Debug)]
pub(crate) struct FileMode;

impl Kind for FileMode {
    type Value = u32;

    fn accepted(&self) -> String {
        "a file's permissions as three octal digits, such as \"770\"".to_owned()
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, u32> {
        let text = raw.get_ref().as_str().filter(|text| text.len() == 3);
        let digits = text.filter(|text| text.bytes().all(|digit| digit.is_ascii_digit()));
        let mode = digits.and_then(|text| u32::from_str_radix(text, 8).ok());
        mode.map_or_else(|| Wrong::all(raw), Ok)
    }

    fn show(&self, value: &u32) -> String {
        quoted(&format!("{value:03o}"))
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
    fn a_file_name_has_no_directory() {
        for text in ["dump.rdb", "...", "a b", "é"] {
            assert!(is_file_name(text), "{text}");
        }
        for text in ["", ".", "..", "/dump.rdb", "../dump.rdb", "a/b", "a\0b", &"a".repeat(256)] {
            assert!(!is_file_name(text), "{text}");
        }
    }
}
