//! The kind of values that are passwords.

use super::scalar::{Text, quoted};
use super::{Kind, Raw, Read, Wrong};
use tidegate_wire::units::Secret;

/// A text that is never shown. `"${NAME}"` stands for a variable of the process's environment.
#[derive(Debug)]
pub(crate) struct Password;

impl Kind for Password {
    type Value = Secret;

    const SECRET: bool = true;

    fn accepted(&self) -> String {
        format!("{}, or \"${{NAME}}\" for a variable of the environment", Text.accepted())
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, Secret> {
        let text = Text.read(raw)?;
        let Some(name) = variable(&text) else { return Ok(Secret::new(text)) };
        match std::env::var(name) {
            Ok(value) => Ok(Secret::new(value)),
            Err(_) => {
                let accepted = Some(format!("a variable that the environment has: {name}"));
                Err(vec![Wrong { within: String::new(), raw, accepted }])
            }
        }
    }

    fn show(&self, value: &Secret) -> String {
        if value.is_empty() { quoted("") } else { Secret::MASK.to_owned() }
    }

    fn write(&self, value: &Secret) -> String {
        quoted(value.expose())
    }
}

/// The name of the variable for which `text` stands.
fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (!name.is_empty() && name.bytes().all(is_name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_has_a_name_in_braces() {
        assert_eq!(variable("${REDIS_PASSWORD}"), Some("REDIS_PASSWORD"));
        for text in ["", "REDIS", "$REDIS", "${}", "${a b}", "x${A}", "${A}x"] {
            assert_eq!(variable(text), None, "{text}");
        }
    }
}
