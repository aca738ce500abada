//! When the data are saved without being asked, as redis.conf's `save` says it.

use std::fmt;
use std::time::Duration;

use super::{Kind, Raw, Read, Wrong, quoted};

/// The most rules.
const RULES_MAX: usize = 64;

/// A rule of `save`: the data are saved after so many changes, if the last save is so long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SaveRule {
    /// The least time since the last save.
    pub after: Duration,
    /// The least number of changes since then.
    pub changes: u64,
}

/// The rules of `save`; without any the data are saved only on demand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaveRules(pub Vec<SaveRule>);

impl SaveRules {
    /// Whether a rule asks for a save, `since` after the last one and after so many changes.
    #[must_use]
    pub fn ask(&self, since: Duration, changes: u64) -> bool {
        self.0.iter().any(|rule| changes >= rule.changes && since > rule.after)
    }
}

impl fmt::Display for SaveRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, rule) in self.0.iter().enumerate() {
            let blank = if at > 0 { " " } else { "" };
            write!(f, "{blank}{} {}", rule.after.as_secs(), rule.changes)?;
        }
        Ok(())
    }
}

/// Values such as `"3600 1 300 100"`: pairs of seconds and changes. `""` means no rule.
#[derive(Debug)]
pub(crate) struct SaveRulesKind;

fn parse(text: &str) -> Option<SaveRules> {
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    if words.len() % 2 > 0 || words.len() / 2 > RULES_MAX {
        return None;
    }
    let number = |word: &&str| word.parse::<u32>().ok();
    let rule = |pair: &[&str]| {
        let after = pair.first().and_then(number).filter(|seconds| *seconds > 0)?;
        let changes = pair.last().and_then(number)?;
        Some(SaveRule { after: Duration::from_secs(after.into()), changes: changes.into() })
    };
    words.chunks_exact(2).map(rule).collect::<Option<_>>().map(SaveRules)
}

impl Kind for SaveRulesKind {
    type Value = SaveRules;

    fn accepted(&self) -> String {
        "pairs of seconds and changes, such as \"3600 1 300 100\", or \"\" for none".to_owned()
    }

    fn read<'a>(&self, raw: &'a Raw<'a>) -> Read<'a, SaveRules> {
        raw.get_ref().as_str().and_then(parse).map_or_else(|| Wrong::all(raw), Ok)
    }

    fn show(&self, value: &SaveRules) -> String {
        quoted(&value.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_pairs() {
        let rules = parse(" 3600 1  300 100 60 10000 ").unwrap();
        assert_eq!((rules.0.len(), rules.to_string().as_str()), (3, "3600 1 300 100 60 10000"));
        assert_eq!(parse(""), Some(SaveRules::default()));
        for wrong in ["3600", "0 1", "-1 1", "1 x", "1 1 1"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_rule_asks_for_a_save_when_both_its_numbers_are_reached() {
        let rules = parse("300 10 60 1000").unwrap();
        let ask = |seconds, changes| rules.ask(Duration::from_secs(seconds), changes);
        assert!(!ask(300, 999) && ask(301, 10) && !ask(301, 9));
        assert!(!ask(60, 1000) && ask(61, 1000));
        assert!(!SaveRules::default().ask(Duration::MAX, u64::MAX));
    }
}
