//! The keys that a request reads or writes, for its order among other requests.

use tidegate_wire::command::{Command, Keys, lookup};
use tidegate_wire::resp::Args;

/// What a request touches: keys, whatever their database.
#[derive(Clone, Copy, Debug)]
pub enum Touches<'a> {
    /// One key.
    Key(&'a [u8]),
    /// Several keys.
    Keys(KeyWords<'a>),
    /// Possibly any key.
    Any,
}

impl<'a> Touches<'a> {
    /// What a whole request touches.
    #[must_use]
    pub fn of_request(frame: &'a [u8]) -> Self {
        let mut words = Args::new(frame);
        let (name, second) = (words.next().unwrap_or_default(), words.next());
        Self::of_words(frame, name, second)
    }

    /// What a request touches whose first two words are known.
    #[must_use]
    pub fn of_words(frame: &'a [u8], name: &[u8], second: Option<&'a [u8]>) -> Self {
        let row = lookup(name);
        let row = row.map(|row| second.and_then(|name| row.subcommand(name)).unwrap_or(row));
        Self::of(row, frame, second)
    }

    /// Whether two requests may touch the same key.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Key(one), Self::Key(other)) => one == other,
            (Self::Key(key), Self::Keys(mut keys)) | (Self::Keys(mut keys), Self::Key(key)) => {
                keys.any(|it| it == key)
            }
            (Self::Keys(mut keys), Self::Keys(others)) => {
                keys.any(|key| others.clone().any(|other| other == key))
            }
        }
    }

    /// What `frame` touches, a request of the command `row` (`None`: an unknown one) whose second
    /// word is `second`.
    #[must_use]
    pub fn of(row: Option<&Command>, frame: &'a [u8], second: Option<&'a [u8]>) -> Self {
        let Some(row) = row else { return Self::Any };
        // These two concern more than the key that they name: SORT reads what BY and GET stand for,
        // and subscribers act on what SPUBLISH sends.
        if matches!(row.name, "sort_ro" | "spublish") {
            return Self::Any;
        }
        match (row.keys, second) {
            (Keys::Range { first: 1, last: 1, .. }, Some(key)) => Self::Key(key),
            (Keys::Range { first, last, step }, _) => {
                Self::Keys(KeyWords::new(frame, first, last, step))
            }
            _ => Self::Any,
        }
    }
}

/// The keys of a request that has them at fixed places among its words.
#[derive(Clone, Copy, Debug)]
pub struct KeyWords<'a> {
    words: Args<'a>,
    /// The number of words before the next key.
    skip: usize,
    step: usize,
    left: usize,
}

impl<'a> KeyWords<'a> {
    fn new(frame: &'a [u8], first: u8, last: i8, step: u8) -> Self {
        let words = Args::new(frame);
        let (first, step) = (usize::from(first), usize::from(step.max(1)));
        let end = match usize::try_from(last) {
            Ok(last) => last + 1,
            Err(_) => (words.left() + 1).saturating_sub(last.unsigned_abs().into()),
        };
        let left = end.saturating_sub(first).div_ceil(step);
        Self { words, skip: first, step, left }
    }
}

impl<'a> Iterator for KeyWords<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let key = self.words.nth(self.skip);
        self.skip = self.step - 1;
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_wire::resp::encode::request_of;

    fn keys(line: &str) -> Option<Vec<String>> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let row = lookup(words[0]);
        let row = row.map(|row| row.subcommand(words[1]).unwrap_or(row));
        let frame = request_of(&words);
        let text = |key: &[u8]| String::from_utf8_lossy(key).into_owned();
        match Touches::of(row, &frame, words.get(1).copied()) {
            Touches::Key(key) => Some(vec![text(key)]),
            Touches::Keys(keys) => Some(keys.map(text).collect()),
            Touches::Any => None,
        }
    }

    #[test]
    fn finds_the_keys() {
        for (line, expected) in [
            ("get a", "a"),
            ("set a 1", "a"),
            ("mget a b c", "a b c"),
            ("mset a 1 b 2", "a b"),
            ("bitop and d a b", "d a b"),
            ("object encoding a", "a"),
            ("xgroup create s g 0", "s"),
            ("rename a b", "a b"),
            ("blpop a b 0", "a b"),
        ] {
            assert_eq!(keys(line).unwrap().join(" "), expected, "{line}");
        }
        for line in ["eval x 1 a", "flushall x", "sort_ro a", "sort a", "nonsense a", "keys a"] {
            assert_eq!(keys(line), None, "{line}");
        }
    }
}
