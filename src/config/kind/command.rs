//! The kinds of values that rules match requests by: names of commands, and patterns of keys.

use super::{Kind, Raw, Read, Wrong, quoted};

/// The longest name of a command.
const MAX_NAME: usize = 64;
/// The longest pattern.
const MAX_PATTERN: usize = 512;

/// The name of a command, in lower case; a subcommand's name follows that of its container and a
/// `|`, as in ACL rules.
#[derive(Debug)]
pub(crate) struct CommandName;

impl Kind for CommandName {
    type Value = String;

    fn accepted(&self) -> String {
        "a command's name, such as \"HGETALL\" or \"object|encoding\"".to_owned()
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, String> {
        let is_name = |text: &&str| {
            (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let name = raw.get_ref().as_str().filter(is_name);
        name.map_or_else(|| Wrong::all(raw), |name| Ok(name.to_ascii_lowercase()))
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}

/// A pattern of keys, as in Redis's KEYS: `*`, `?`, `[a-z]`, and `\` before a character that stands
/// for itself.
#[derive(Debug)]
pub(crate) struct Pattern;

impl Kind for Pattern {
    type Value = String;

    fn accepted(&self) -> String {
        format!("a pattern of 1 to {MAX_PATTERN} bytes, such as \"session:*\"")
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, String> {
        let text = raw.get_ref().as_str().filter(|text| (1..=MAX_PATTERN).contains(&text.len()));
        text.map_or_else(|| Wrong::all(raw), |text| Ok(text.to_owned()))
    }

    fn show(&self, value: &String) -> String {
        quoted(value)
    }
}
