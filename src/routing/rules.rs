//! The rules that give reads a consistency level: which one matches a request.

mod keys_of;

pub use keys_of::KeysOf;

use crate::consistency::Level;
use tidegate_wire::command::{Access, Command, Effect, Keys, NUMBERS, all, lookup, number};
use tidegate_wire::glob;

/// What a rule matches. A part that is `None` matches every request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// The commands, in lower case. A container stands for all its subcommands.
    pub commands: Option<Vec<String>>,
    /// A pattern, which one of the keys has to match.
    pub key: Option<String>,
    /// The user's name.
    pub user: Option<String>,
    /// The database.
    pub db: Option<u32>,
}

/// A read, as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The command's name in lower case; a subcommand's follows that of its container and a `|`.
    pub name: &'a str,
    /// Its keys.
    pub keys: KeysOf<'a>,
    /// The user as which the client acts.
    pub user: &'a str,
    /// The selected database.
    pub db: u32,
}

/// The rules, by the commands that they match.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    rules: Vec<(Match, Level)>,
    /// For each number of a command, a place in `lists`.
    by_number: Vec<u16>,
    /// Numbers of rules, in their order. The first list is for commands that no rule names.
    lists: Vec<Vec<u16>>,
}

impl Rules {
    /// The rules in their order, each with the level of what it matches.
    #[must_use]
    pub fn new(rules: Vec<(Match, Level)>) -> Self {
        let mut new = Self { rules, by_number: vec![0; NUMBERS], lists: Vec::new() };
        let matching = |is_named: &dyn Fn(&[String]) -> bool| -> Vec<u16> {
            let matches =
                |(what, _): &(Match, Level)| what.commands.as_deref().is_none_or(is_named);
            let numbered = (0_u16..).zip(&new.rules).filter(|(_, rule)| matches(rule));
            numbered.map(|(at, _)| at).collect()
        };
        // A command that the table does not know is compared by its name.
        let others = matching(&|names| names.iter().any(|name| is_unknown(name)));
        let named: Vec<(usize, Vec<u16>)> = new
            .rules
            .iter()
            .flat_map(|(what, _)| what.commands.iter().flatten())
            .filter_map(|name| number(container(name).as_bytes()))
            .map(|at| {
                let is_of = |name: &String| number(container(name).as_bytes()) == Some(at);
                (at, matching(&|names| names.iter().any(is_of)))
            })
            .collect();
        let any = matching(&|_| false);
        new.lists = vec![any, others];
        for (at, list) in named {
            if new.by_number[at] == 0 {
                new.by_number[at] = u16::try_from(new.lists.len()).unwrap_or(u16::MAX);
                new.lists.push(list);
            }
        }
        new
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The first rule that matches, by its place, and its level.
    #[must_use]
    pub fn judge(&self, asked: &Asked<'_>) -> Option<(usize, Level)> {
        let at = number(container(asked.name).as_bytes())
            .map_or(1, |at| self.by_number.get(at).copied().unwrap_or(0));
        let list = self.lists.get(usize::from(at))?;
        let mut rules = list.iter().map(|at| usize::from(*at));
        rules.find(|at| self.rules[*at].0.matches(asked)).map(|at| (at, self.rules[at].1))
    }
}

impl Match {
    fn matches(&self, asked: &Asked<'_>) -> bool {
        let is_named = |names: &Vec<String>| {
            names.iter().any(|name| name == asked.name || name == container(asked.name))
        };
        self.db.is_none_or(|db| db == asked.db)
            && self.commands.as_ref().is_none_or(is_named)
            && self.user.as_ref().is_none_or(|user| user == asked.user)
            && self
                .key
                .as_ref()
                .is_none_or(|key| asked.keys.any(|it| glob::matches(key.as_bytes(), it)))
    }

    /// Whether this matches everything that `other` matches, as far as that can be told without
    /// comparing patterns.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let same = |own: &Option<String>, other: &Option<String>| own.is_none() || own == other;
        let names = |names: &Vec<String>| {
            let has = |name: &String| {
                names.contains(name) || names.iter().any(|own| own == container(name))
            };
            other.commands.as_ref().is_some_and(|others| others.iter().all(has))
        };
        self.commands.as_ref().is_none_or(names)
            && (same(&self.key, &other.key)
                || self.key.as_deref() == Some("*") && other.key.is_some())
            && same(&self.user, &other.user)
            && (self.db.is_none() || self.db == other.db)
    }
}

/// The name of a command's container; the name itself if it has none.
fn container(name: &str) -> &str {
    name.split('|').next().unwrap_or_default()
}

fn is_unknown(name: &str) -> bool {
    lookup(container(name).as_bytes()).is_none()
}

/// What is known about a command that a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The table does not know it; the master may.
    Unknown,
    /// No request of it is a read that a replica may answer.
    NoRead,
    /// It is a read. `keys`: whether it has keys.
    Read {
        /// Whether it has keys.
        keys: bool,
    },
}

/// What is known about the command called `name`, in lower case.
#[must_use]
pub fn named(name: &str) -> Named {
    if is_unknown(name) {
        return Named::Unknown;
    }
    let is_it = |row: &&Command| row.name == name || container(row.name) == name;
    let rows: Vec<_> = all().filter(is_it).collect();
    if rows.is_empty() {
        return Named::Unknown;
    }
    let is_read =
        |row: &&&Command| row.access == Access::Read || row.effect == Effect::ReadOnlyScript;
    let keys = rows.iter().filter(is_read).map(|row| row.keys != Keys::None);
    keys.reduce(|some, keys| some || keys).map_or(Named::NoRead, |keys| Named::Read { keys })
}

#[cfg(test)]
mod tests;
