//! The text of an aclfile.

use std::collections::BTreeSet;
use std::sync::Arc;

use thiserror::Error;

use crate::acl::Acl;
use crate::catalog::Catalog;
use crate::rules::{self, RuleError, User};

/// What is wrong with an aclfile: all mistakes, with their lines, in the words of Redis 7.0.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{0}WARNING: ACL errors detected, no change to the previously active ACL rules was performed"
)]
pub struct FileError(String);

impl Acl {
    /// Returns the users of an aclfile. `path` is its name in errors. The user `default` may do
    /// everything if the file does not name it.
    ///
    /// # Errors
    /// [`FileError`] with every mistake of the file.
    pub fn from_file(catalog: Arc<Catalog>, path: &str, text: &[u8]) -> Result<Self, FileError> {
        let mut reading =
            Reading { acl: Self::new(catalog), path, seen: BTreeSet::new(), errors: String::new() };
        for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = trim(line, b" \t\r\n");
            if !line.is_empty() {
                reading.read(at + 1, line);
            }
        }
        if reading.errors.is_empty() { Ok(reading.acl) } else { Err(FileError(reading.errors)) }
    }

    /// Returns the text of an aclfile with these users, as `ACL SAVE` writes it.
    #[must_use]
    pub fn to_file(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for line in self.lines() {
            text.extend_from_slice(&line);
            text.push(b'\n');
        }
        text
    }

    /// Returns the lines of `ACL LIST`.
    pub fn lines(&self) -> impl Iterator<Item = Vec<u8>> {
        let line = |user: &Arc<User>| {
            [b"user ", user.name(), b" ", &user.describe(self.catalog())].concat()
        };
        self.users().map(line)
    }
}

/// A file that is being read.
struct Reading<'a> {
    acl: Acl,
    path: &'a str,
    seen: BTreeSet<Vec<u8>>,
    errors: String,
}

impl Reading<'_> {
    fn read(&mut self, number: usize, line: &[u8]) {
        let words: Vec<_> = line.split(|byte| *byte == b' ').collect();
        let [b"user", name, rules @ ..] = &words[..] else {
            let text = " should start with user keyword followed by the username. ";
            self.errors += &format!("{}:{number}{text}", self.path);
            return;
        };
        if rules::has_spaces(name) {
            // Redis begins this one with a quote.
            self.errors.push('\'');
            let name = rules::shown(name);
            return self.error(number, &format!("username '{name}' contains invalid characters. "));
        }
        if !self.seen.insert(name.to_vec()) {
            let name = rules::shown(name);
            self.errors += &format!("WARNING: Duplicate user '{name}' found on line {number}. ");
            return;
        }
        let Ok(merged) = rules::merge(rules) else {
            return self.error(number, "Unmatched parenthesis in selector definition.");
        };
        self.make(number, name, &merged);
    }

    /// Makes a user. Every unknown command is reported, but only the first of other mistakes,
    /// because it may be the cause of those that follow.
    fn make(&mut self, number: usize, name: &[u8], rules: &[Vec<u8>]) {
        let catalog = Arc::clone(self.acl.catalog());
        let mut user = User::new(name, &catalog);
        let mut has_mistake = false;
        for word in rules {
            let word = trim(word, b"\t\r\n");
            match user.apply(&catalog, word) {
                Ok(()) => {}
                Err(error @ RuleError::Unknown) => {
                    let word = rules::shown(word);
                    let text = format!("Error in applying operation '{word}': {error}. ");
                    self.error(number, &text);
                }
                Err(error) if !has_mistake => {
                    has_mistake = true;
                    self.error(number, &format!("{error}. "));
                }
                Err(_) => {}
            }
        }
        self.acl.insert(user);
    }

    fn error(&mut self, number: usize, text: &str) {
        self.errors += &format!("{}:{number}: {text}", self.path);
    }
}

/// Returns `text` without these bytes at its ends.
fn trim<'a>(text: &'a [u8], bytes: &[u8]) -> &'a [u8] {
    let is_kept = |byte: &u8| !bytes.contains(byte);
    let start = text.iter().position(is_kept).unwrap_or(text.len());
    let end = text.iter().rposition(is_kept).map_or(start, |at| at + 1);
    &text[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Acl, FileError> {
        Acl::from_file(Arc::new(Catalog::new()), "/f", text.as_bytes())
    }

    #[test]
    fn files_are_read_and_written() {
        let text = "user a on nopass ~a resetchannels -@all +get (~b resetchannels -@all +set)\n\
                    user default off resetchannels -@all\n";
        let acl = read(&format!("\n  {}\r\n\n", text.replace('\n', "\r\n"))).expect("users");
        assert_eq!(acl.to_file(), text.as_bytes());
        assert!(
            read("").expect("no users").user(b"default").is_some_and(|it| it.is_unrestricted())
        );
    }

    #[test]
    fn every_mistake_has_its_line() {
        let error = |text: &str| read(text).expect_err(text).to_string();
        let text = error("# no\nuser a +x +y on off ! #\nuser a on\nuser b (+get\nuser\n");
        let expected = "/f:1 should start with user keyword followed by the username. \
            /f:2: Error in applying operation '+x': Unknown command or category name in ACL. \
            /f:2: Error in applying operation '+y': Unknown command or category name in ACL. \
            /f:2: The password hash must be exactly 64 characters and contain only lowercase \
            hexadecimal characters. \
            WARNING: Duplicate user 'a' found on line 3. \
            /f:4: Unmatched parenthesis in selector definition.\
            /f:5 should start with user keyword followed by the username. \
            WARNING: ACL errors detected, no change to the previously active ACL rules was performed";
        assert_eq!(text, expected);
    }
}
