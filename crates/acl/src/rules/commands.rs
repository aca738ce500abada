//! Which commands a selector permits.

use std::collections::BTreeMap;

use super::RuleError;
use super::text::before_nul;
use crate::catalog::{Catalog, Command};

/// Which commands are permitted: a bit for each of the catalog's, and permitted first arguments.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommandRules {
    bits: Box<[u64]>,
    /// Whether commands are permitted that the catalog lacks: `+@all` with exceptions, if any.
    permits_unknown: bool,
    /// Whether every command is permitted since `+@all`.
    permits_all: bool,
    /// First arguments with which a command is permitted that otherwise is not.
    first_args: BTreeMap<u16, Vec<Box<[u8]>>>,
    /// The words that lead to this state, to apply them to another catalog.
    words: Vec<Box<[u8]>>,
}

impl CommandRules {
    /// Applies a word that begins with `+` or `-`.
    pub(super) fn apply(&mut self, catalog: &Catalog, word: &[u8]) -> Result<(), RuleError> {
        let word = before_nul(word);
        match word {
            [sign, b'@', name @ ..] if catalog.may_learn_category(name) => self.defer(*sign),
            [sign, name @ ..] if catalog.may_learn_command(name) => self.defer(*sign),
            [sign, b'@', name @ ..] => {
                self.apply_category(catalog, name, *sign == b'+')?;
            }
            [b'+', name @ ..] => self.permit(catalog, name)?,
            [_, name @ ..] => {
                let command = catalog.named(name).ok_or(RuleError::Unknown)?;
                self.set(catalog, command, false);
            }
            [] => return Err(RuleError::Syntax),
        }
        self.keep(word);
        Ok(())
    }

    /// Permits every command, or none.
    pub(super) fn set_all(&mut self, catalog: &Catalog, permits: bool) {
        *self = Self {
            bits: vec![if permits { u64::MAX } else { 0 }; catalog.len().div_ceil(64)].into(),
            permits_unknown: permits,
            permits_all: permits,
            ..Self::default()
        };
        if permits {
            self.keep(b"+@all");
        }
    }

    /// Returns the same rules for another catalog. Words that it does not know have no effect
    /// there, and are kept.
    pub(super) fn rebuilt(&self, catalog: &Catalog) -> Self {
        let mut it = Self::default();
        it.set_all(catalog, false);
        for word in &self.words {
            if it.apply(catalog, word).is_err() {
                it.words.push(word.clone());
            }
        }
        it
    }

    /// The words about commands and categories that `catalog` does not know.
    pub(crate) fn unknown_words<'a>(
        &'a self,
        catalog: &'a Catalog,
    ) -> impl Iterator<Item = &'a [u8]> {
        let is_known = |word: &[u8]| Self::default().apply(catalog, word).is_ok();
        self.words.iter().map(AsRef::as_ref).filter(move |word| !is_known(word))
    }

    /// Whether every command is permitted.
    pub(crate) const fn permits_all(&self) -> bool {
        self.permits_all
    }

    /// Whether commands are permitted that the catalog lacks.
    pub(crate) const fn permits_unknown(&self) -> bool {
        self.permits_unknown
    }

    /// Whether the command is permitted with any arguments.
    pub(crate) fn permits(&self, command: &Command) -> bool {
        let id = usize::from(command.id);
        self.bits.get(id / 64).is_some_and(|word| word >> (id % 64) & 1 != 0)
    }

    /// Returns the first arguments with which the command is permitted although it is not as such.
    pub(crate) fn first_args(&self, command: &Command) -> &[Box<[u8]>] {
        self.first_args.get(&command.id).map_or(&[], Vec::as_slice)
    }

    /// Permits or forbids a command with its subcommands.
    pub(crate) fn set(&mut self, catalog: &Catalog, command: &Command, permits: bool) {
        self.first_args.remove(&command.id);
        self.set_bit(command, permits);
        for sub in catalog.subcommands(command) {
            self.set_bit(sub, permits);
        }
    }

    /// Permits or forbids the commands of a category. A container that is in it takes all of its
    /// subcommands with it.
    pub(crate) fn set_category(&mut self, catalog: &Catalog, category: usize, permits: bool) {
        for command in catalog.commands().filter(|it| it.categories.has(category)) {
            self.set(catalog, command, permits);
        }
    }

    /// A rule is about commands that are still to be learnt. Until then they are forbidden.
    fn defer(&mut self, sign: u8) {
        if sign == b'-' {
            (self.permits_unknown, self.permits_all) = (false, false);
        }
    }

    fn apply_category(
        &mut self,
        catalog: &Catalog,
        name: &[u8],
        permits: bool,
    ) -> Result<(), RuleError> {
        if name.eq_ignore_ascii_case(b"all") {
            self.set_all(catalog, permits);
        } else {
            let category = catalog.category(name).ok_or(RuleError::Unknown)?;
            self.set_category(catalog, category, permits);
        }
        Ok(())
    }

    /// Permits a command, a subcommand, or a command with one first argument.
    fn permit(&mut self, catalog: &Catalog, name: &[u8]) -> Result<(), RuleError> {
        let Some(bar) = name.iter().rposition(|byte| *byte == b'|') else {
            let command = catalog.named(name).ok_or(RuleError::Unknown)?;
            self.set(catalog, command, true);
            return Ok(());
        };
        let (head, argument) = (&name[..bar], &name[bar + 1..]);
        let command = catalog.named(head).ok_or(RuleError::Unknown)?;
        if command.is_subcommand {
            return Err(RuleError::Subcommand);
        }
        if argument.is_empty() {
            return Err(RuleError::Syntax);
        }
        if command.subcommands > 0 {
            let sub = catalog.named(name).ok_or(RuleError::Unknown)?;
            self.set(catalog, sub, true);
            return Ok(());
        }
        let own = self.first_args.entry(command.id).or_default();
        if !own.iter().any(|it| it.eq_ignore_ascii_case(argument)) {
            own.push(argument.into());
        }
        Ok(())
    }

    fn set_bit(&mut self, command: &Command, permits: bool) {
        let id = usize::from(command.id);
        let Some(word) = self.bits.get_mut(id / 64) else { return };
        if permits {
            *word |= 1 << (id % 64);
        } else {
            *word &= !(1 << (id % 64));
            self.permits_all = false;
        }
    }

    /// Remembers a word, in the place of an earlier one about the same commands.
    fn keep(&mut self, word: &[u8]) {
        if word.eq_ignore_ascii_case(b"-@all") {
            return;
        }
        self.words.retain(|own| !own[1..].eq_ignore_ascii_case(&word[1..]));
        self.words.push(word.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(catalog: &Catalog, words: &str) -> CommandRules {
        let mut rules = CommandRules::default();
        rules.set_all(catalog, false);
        for word in words.split_whitespace() {
            rules.apply(catalog, word.as_bytes()).expect(word);
        }
        rules
    }

    #[test]
    fn bits_follow_the_words() {
        let catalog = Catalog::new();
        let permits = |words: &str, name: &str| {
            rules(&catalog, words).permits(catalog.named(name.as_bytes()).expect(name))
        };
        assert!(permits("+get", "get") && !permits("+get", "set"));
        assert!(permits("+@read -get", "mget") && !permits("+@read -get", "get"));
        assert!(permits("+config", "config|get") && !permits("+config|get", "config|set"));
        assert!(!permits("+config -config|set", "config|set"));
        assert!(rules(&catalog, "+@all").permits_all());
        let some = rules(&catalog, "+@all -get +get");
        assert!(some.permits_unknown() && !some.permits_all());
    }

    #[test]
    fn rules_of_another_catalog_are_the_same_words() {
        let (few, all) = (Catalog::only(|name| name != "get"), Catalog::new());
        let get = all.named(b"get").expect("built in");
        let before = rules(&few, "+@read -mget +select|0 +select|1");
        let after = before.rebuilt(&all);
        assert!(after.permits(get));
        assert_eq!(after.first_args(all.named(b"select").expect("built in")).len(), 2);
        // A word that a catalog does not know comes back with the next one.
        let there_and_back = rules(&all, "-@all +get").rebuilt(&few).rebuilt(&all);
        assert!(there_and_back.permits(get));
    }

    #[test]
    fn commands_of_modules_are_accepted_before_they_are_learnt() {
        let early = Catalog::new().awaiting_modules();
        let before = rules(&early, "+get +json.get +@json -ft.drop");
        // What a later catalog may forbid is not permitted before.
        let all = rules(&early, "+@all -ft.drop");
        assert!(!all.permits_all() && !all.permits_unknown());
        assert!(all.rebuilt(&Catalog::new()).permits_unknown());
        assert!(before.permits(early.named(b"get").expect("built in")));
        let late = Catalog::new();
        let after = before.rebuilt(&late);
        let unknown: Vec<_> = after.unknown_words(&late).collect();
        assert_eq!(unknown, [&b"+json.get"[..], b"+@json", b"-ft.drop"]);
        for wrong in ["+nope", "+@nope", "+.|"] {
            let mut rules = CommandRules::default();
            assert!(rules.apply(&late, wrong.as_bytes()).is_err(), "{wrong}");
        }
        for wrong in ["+nope", "+@nope"] {
            let mut rules = CommandRules::default();
            assert!(rules.apply(&early, wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_about_the_same_commands_are_kept_once() {
        let catalog = Catalog::new();
        let mut rules = rules(&catalog, "+get -set");
        for _ in 0..10 {
            rules.apply(&catalog, b"-GET").expect("a rule");
            rules.apply(&catalog, b"+get").expect("a rule");
        }
        assert_eq!(rules.words.len(), 2);
    }
}
