//! The answer to `CONFIG GET`, a line at a time, whatever the server's age. Never keeps more than
//! its bound, and never says what a setting means.

use crate::resp::integer;

/// A setting of the master, as it tells it: its name and its value.
pub type Setting = (String, String);

/// Most words of an answer. Redis 8.2 says 44 to `*-max-*`.
const WORDS_MAX: usize = 1024;

/// Collects the settings.
#[derive(Clone, Debug, Default)]
pub(super) struct SettingsReader {
    /// How many words are to come; `None` before the answer's head.
    left: Option<usize>,
    /// The length of the word that is to come.
    word: Option<usize>,
    words: Vec<String>,
}

/// What a line came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Collected {
    /// There is more to come.
    Part,
    /// That was all.
    All(Vec<Setting>),
    /// The server does not tell: what it says instead.
    Refused(String),
    /// No answer to it.
    Foreign,
}

impl SettingsReader {
    /// Takes a line without its end. Empty ones, which masters send to say that they are alive,
    /// may be left out.
    pub(super) fn line(&mut self, line: &str) -> Collected {
        let Some(left) = self.left else { return self.head(line) };
        match self.word.take() {
            None => match length(line, '$') {
                Some(0) => self.words.push(String::new()),
                Some(len) => {
                    self.word = Some(len);
                    return Collected::Part;
                }
                None => return Collected::Foreign,
            },
            Some(len) if len == line.len() => self.words.push(line.to_owned()),
            Some(_) => return Collected::Foreign,
        }
        self.left = Some(left - 1);
        self.collected()
    }

    fn head(&mut self, line: &str) -> Collected {
        // Proxies and servers of other makers say OK to what they do not have.
        if let Some(said) = line.strip_prefix(['-', '+']) {
            return Collected::Refused(said.to_owned());
        }
        self.left = length(line, '*').filter(|words| *words <= WORDS_MAX);
        if self.left.is_some() { self.collected() } else { Collected::Foreign }
    }

    fn collected(&mut self) -> Collected {
        if self.left != Some(0) {
            return Collected::Part;
        }
        let mut words = std::mem::take(&mut self.words).into_iter();
        let pairs = std::iter::from_fn(|| Some((words.next()?, words.next()?)));
        Collected::All(pairs.collect())
    }
}

/// The number behind `mark`.
fn length(line: &str, mark: char) -> Option<usize> {
    let number = integer::parse(line.strip_prefix(mark)?.as_bytes())?;
    usize::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> Collected {
        let mut reader = SettingsReader::default();
        let mut last = Collected::Part;
        for line in lines.split(' ').filter(|line| !line.is_empty()) {
            assert_eq!(last, Collected::Part, "{lines}");
            last = reader.line(line);
        }
        last
    }

    #[test]
    fn an_answer_is_pairs_or_an_error() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let two = "*4 $10 a-max-size $2 -2 $5 b-max $0";
        assert_eq!(read(two), Collected::All(vec![pair("a-max-size", "-2"), pair("b-max", "")]));
        assert_eq!(read("*0"), Collected::All(Vec::new()));
        assert_eq!(read("-ERR"), Collected::Refused("ERR".to_owned()));
        assert_eq!(read("+OK"), Collected::Refused("OK".to_owned()));
        for part in ["*2", "*2 $1", "*2 $1 a", "*2 $1 a $1"] {
            assert_eq!(read(part), Collected::Part, "{part}");
        }
        for foreign in ["$2", "*-1", "*x", "*99999", "*2 +a", "*2 $-1", "*2 $2 abc"] {
            assert_eq!(read(foreign), Collected::Foreign, "{foreign}");
        }
    }
}
