//! The commands that rules may name: those of the facts, and those of a master's modules.
//!
//! A command has an identifier, which is the place of its bit in the rules of a user. The rules of
//! one catalog mean nothing to another one, except through their words.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::RandomState;
use tidegate_wire::command::{self, Keys, NUMBERS};

use crate::category::{CATEGORIES_MAX, Categories, Category};
use crate::facts::{self, KeyAccess};

/// The longest name of a command, the container's included.
pub(crate) const NAME_MAX: usize = 64;

/// Stands for no command.
const NONE: u16 = u16::MAX;

/// A command, container or subcommand.
#[derive(Clone, Debug)]
pub struct Command {
    /// The full name in lower case, a subcommand's after a `|`.
    pub name: Cow<'static, str>,
    /// The categories that it is in.
    pub categories: Categories,
    /// The number of arguments with the name, or the least number if negative.
    pub arity: i16,
    /// Where the keys are.
    pub keys: Keys,
    /// What it does to them.
    pub access: KeyAccess,
    /// Whether it has keys that cannot be found in its arguments: those of some modules.
    pub has_hidden_keys: bool,
    /// Which arguments are channels.
    pub channels: Channels,
    /// Whether every client may call it, logged in or not.
    pub is_open: bool,
    /// The place of its bit.
    pub(crate) id: u16,
    /// Whether it is a subcommand.
    pub(crate) is_subcommand: bool,
    /// How many subcommands follow it.
    pub(crate) subcommands: u16,
}

/// Which arguments of a command are channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// None.
    None,
    /// The first argument behind the name.
    First,
    /// All arguments behind the name.
    All,
    /// All arguments behind the name, and they are patterns.
    Patterns,
}

impl Channels {
    fn of(name: &str) -> Self {
        match name {
            "publish" | "spublish" => Self::First,
            "subscribe" | "ssubscribe" => Self::All,
            "psubscribe" => Self::Patterns,
            _ => Self::None,
        }
    }
}

/// The commands that rules may name. Immutable: share it in an `Arc`, replace it as a whole.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// Each container is followed by its subcommands.
    commands: Vec<Command>,
    /// The commands of the wire crate's table, by their numbers there.
    by_number: Box<[u16]>,
    /// Commands that are no subcommands.
    by_name: HashMap<Box<[u8]>, u16, RandomState>,
    categories: Vec<Cow<'static, str>>,
    /// Whether the commands of modules are still to be learnt.
    awaits_modules: bool,
}

/// The categories of the modules that Redis and Valkey ship.
const OF_MODULES: [&str; 8] =
    ["bloom", "cms", "cuckoo", "json", "search", "tdigest", "timeseries", "topk"];

impl Default for Catalog {
    fn default() -> Self {
        Self::only(|_| true)
    }
}

impl Catalog {
    /// Returns the commands of servers and of the proxy, without modules.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns this catalog for rules that are read before a server has named its modules' commands:
    /// what a module may call so is accepted, and permits nothing yet.
    #[must_use]
    pub fn awaiting_modules(self) -> Self {
        Self { awaits_modules: true, ..self }
    }

    /// Whether `name` may be the command of a module that is still to be learnt. They have a dot.
    pub(crate) fn may_learn_command(&self, name: &[u8]) -> bool {
        self.awaits_modules && name.contains(&b'.') && self.named(name).is_none()
    }

    /// Whether `name` may be the category of such a module.
    pub(crate) fn may_learn_category(&self, name: &[u8]) -> bool {
        self.awaits_modules
            && OF_MODULES.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
    }

    /// Returns those of servers and of the proxy that `keep` accepts by their full names.
    #[must_use]
    pub fn only(keep: impl Fn(&str) -> bool) -> Self {
        let mut it = Self {
            commands: Vec::new(),
            by_number: vec![NONE; NUMBERS].into(),
            by_name: HashMap::default(),
            categories: Category::NAMES.into_iter().map(Cow::Borrowed).collect(),
            awaits_modules: false,
        };
        let mut facts: Vec<_> = facts::all().filter(|fact| keep(fact.name)).collect();
        // A container comes right before its subcommands: `|` is above all letters.
        facts.sort_unstable_by_key(|fact| {
            let (container, sub) = fact.name.split_once('|').unwrap_or((fact.name, ""));
            (container, sub)
        });
        for fact in facts {
            let (keys, arity) = place(fact.name);
            it.add(fact.name.into(), fact.categories, fact.access, keys, arity);
        }
        it
    }

    /// Returns the command that a request calls; `sub` is its first argument, which counts only for
    /// a container. A subcommand that is not known is treated as its container. Does not allocate.
    #[must_use]
    pub fn find(&self, name: &[u8], sub: Option<&[u8]>) -> Option<&Command> {
        let command = self.top(name)?;
        if command.subcommands == 0 {
            return Some(command);
        }
        Some(sub.and_then(|sub| self.subcommand(command, sub)).unwrap_or(command))
    }

    /// Returns the command that a rule names, in full.
    #[must_use]
    pub fn named(&self, name: &[u8]) -> Option<&Command> {
        let mut parts = name.split(|byte| *byte == b'|');
        let command = self.top(parts.next()?)?;
        match (parts.next(), parts.next()) {
            (None, _) => Some(command),
            (Some(sub), None) => self.subcommand(command, sub),
            _ => None,
        }
    }

    /// Returns every command, each container followed by its subcommands.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.commands.iter()
    }

    /// The number of commands, and of the bits of a user.
    #[must_use]
    pub fn len(&self) -> usize {
        self.commands.len()
    }

    /// Whether there is no command.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Returns the names of the categories, by their numbers.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        self.categories.iter().map(AsRef::as_ref)
    }

    /// Returns the number of the category called `name`, in any case.
    #[must_use]
    pub fn category(&self, name: &[u8]) -> Option<usize> {
        self.categories.iter().position(|own| own.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Returns the subcommands of a container.
    pub(crate) fn subcommands(&self, of: &Command) -> &[Command] {
        let first = usize::from(of.id) + 1;
        self.commands.get(first..first + usize::from(of.subcommands)).unwrap_or_default()
    }

    /// Returns the subcommand of `of` called `name`, without the container's name and in any case.
    pub(crate) fn subcommand(&self, of: &Command, name: &[u8]) -> Option<&Command> {
        let prefix = of.name.len() + 1;
        self.subcommands(of).iter().find(|sub| {
            let own = sub.name.as_bytes().get(prefix..).unwrap_or_default();
            own.eq_ignore_ascii_case(name)
        })
    }

    /// Returns a command that is no subcommand, in any case.
    pub(crate) fn top(&self, name: &[u8]) -> Option<&Command> {
        let id = match command::number(name).map(|number| self.by_number[number]) {
            Some(NONE) | None => self.by_name(name)?,
            Some(id) => id,
        };
        self.commands.get(usize::from(id))
    }

    fn by_name(&self, name: &[u8]) -> Option<u16> {
        let mut lower = [0; NAME_MAX];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        self.by_name.get(&*lower).copied()
    }

    /// Adds a command, or a subcommand of the container that was added last.
    pub(super) fn add(
        &mut self,
        name: Cow<'static, str>,
        categories: Categories,
        access: KeyAccess,
        keys: Keys,
        arity: i16,
    ) -> Option<&mut Command> {
        let id = u16::try_from(self.commands.len()).ok().filter(|id| *id != NONE)?;
        let is_subcommand = name.contains('|');
        if is_subcommand {
            let container = self.commands.iter_mut().rfind(|command| !command.is_subcommand)?;
            container.subcommands += 1;
        } else {
            if let Some(number) = command::number(name.as_bytes()) {
                self.by_number[number] = id;
            }
            self.by_name.insert(name.as_bytes().into(), id);
        }
        self.commands.push(Command {
            channels: Channels::of(&name),
            is_open: matches!(&*name, "auth" | "hello" | "quit" | "reset"),
            has_hidden_keys: false,
            subcommands: 0,
            name,
            categories,
            arity,
            keys,
            access,
            id,
            is_subcommand,
        });
        self.commands.last_mut()
    }

    /// Returns the number of the category called `name`, which is added if there is room.
    pub(super) fn category_or_new(&mut self, name: &str) -> Option<usize> {
        let known = self.category(name.as_bytes());
        if known.is_none() && self.categories.len() < CATEGORIES_MAX {
            self.categories.push(Cow::Owned(name.to_ascii_lowercase()));
            return Some(self.categories.len() - 1);
        }
        known
    }
}

/// Returns where the keys of a built-in command are, and its arity.
fn place(name: &str) -> (Keys, i16) {
    let (name, sub) = name.split_once('|').map_or((name, None), |(name, sub)| (name, Some(sub)));
    let learned = command::Learned::default();
    let found = command::resolve(&learned, name.as_bytes(), sub.map(str::as_bytes));
    found.map_or((Keys::None, -1), |found| (found.keys, found.arity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_in_the_catalog() {
        let catalog = Catalog::new();
        for row in command::all().filter(|row| !row.name.contains('.')) {
            let command = catalog.named(row.name.as_bytes()).expect(row.name);
            assert_eq!((command.keys, command.arity), (row.keys, row.arity), "{}", row.name);
            let no_keys = ["clusterscan", "spublish", "ssubscribe", "sunsubscribe"];
            let has_keys = row.keys != Keys::None && !no_keys.contains(&row.name);
            assert_eq!(command.access.is_checked, has_keys, "{}", row.name);
        }
        assert!(catalog.named(b"proxy|explain").is_some());
    }

    #[test]
    fn requests_and_rules_find_commands() {
        let catalog = Catalog::new();
        let find = |name: &str, sub: &str| {
            catalog.find(name.as_bytes(), Some(sub.as_bytes())).map(|it| &*it.name)
        };
        assert_eq!(find("GET", "x"), Some("get"));
        assert_eq!(find("Config", "gEt"), Some("config|get"));
        assert_eq!(find("config", "new"), Some("config"));
        assert_eq!(find("config|get", ""), None);
        assert_eq!(find("PROXY", "explain"), Some("proxy|explain"));
        let named = |name: &str| catalog.named(name.as_bytes()).map(|it| &*it.name);
        assert_eq!(named("CONFIG|get"), Some("config|get"));
        for no in ["", "config|", "get|x", "config|get|x", "|", "nope", "config|new"] {
            assert_eq!(named(no), None, "{no}");
        }
    }

    #[test]
    fn containers_are_followed_by_their_subcommands() {
        let catalog = Catalog::new();
        let mut container = "";
        for command in catalog.commands() {
            match command.name.split_once('|') {
                Some((head, _)) => assert_eq!(head, container),
                None => container = &command.name,
            }
        }
        let few = Catalog::only(|name| name == "get");
        assert!(few.find(b"get", None).is_some() && few.find(b"set", None).is_none());
    }
}
