//! The rules of a user as text, in the normal form of `ACL LIST`.

use super::commands::CommandRules;
use super::{Selector, User};
use crate::catalog::{Catalog, Command};

impl User {
    /// Returns the rules that make this user, without its name: the line of `ACL LIST`.
    #[must_use]
    pub fn describe(&self, catalog: &Catalog) -> Vec<u8> {
        let mut out = Vec::new();
        for flag in self.flags() {
            out.extend_from_slice(flag.as_bytes());
            out.push(b' ');
        }
        for digest in self.passwords().iter() {
            out.push(b'#');
            out.extend_from_slice(digest.hex().as_bytes());
            out.push(b' ');
        }
        self.root().describe(catalog, &mut out);
        for selector in self.selectors() {
            out.extend_from_slice(b" (");
            selector.describe(catalog, &mut out);
            out.push(b')');
        }
        out
    }
}

impl Selector {
    /// Returns the patterns of keys, as `ACL GETUSER` shows them.
    #[must_use]
    pub fn describe_keys(&self) -> Vec<u8> {
        let own = self.keys.iter().map(|pattern| {
            let mut rule = Vec::new();
            pattern.describe(&mut rule);
            rule
        });
        if self.all_keys { b"~*".to_vec() } else { own.collect::<Vec<_>>().join(&b' ') }
    }

    /// Returns the patterns of channels, as `ACL GETUSER` shows them.
    #[must_use]
    pub fn describe_channels(&self) -> Vec<u8> {
        let own = self.channels.iter().map(|pattern| [b"&", pattern.text()].concat());
        if self.all_channels { b"&*".to_vec() } else { own.collect::<Vec<_>>().join(&b' ') }
    }

    /// Returns the rules about commands in their normal form: all or none, then categories, then
    /// single commands.
    #[must_use]
    pub fn describe_commands(&self, catalog: &Catalog) -> String {
        Description::new(catalog, &self.commands).text()
    }

    fn describe(&self, catalog: &Catalog, out: &mut Vec<u8>) {
        if self.all_keys || !self.keys.is_empty() {
            out.extend_from_slice(&self.describe_keys());
            out.push(b' ');
        }
        if !self.all_channels {
            out.extend_from_slice(b"resetchannels ");
        }
        if self.all_channels || !self.channels.is_empty() {
            out.extend_from_slice(&self.describe_channels());
            out.push(b' ');
        }
        out.extend_from_slice(self.describe_commands(catalog).as_bytes());
    }
}

/// A description of rules in progress.
struct Description<'a> {
    catalog: &'a Catalog,
    rules: &'a CommandRules,
    /// What the words so far permit.
    reached: CommandRules,
    /// What categories are still chosen for: without those that were.
    left: CommandRules,
    words: Vec<String>,
    /// Whether the words add to nothing; else they take away from everything.
    adds: bool,
}

impl<'a> Description<'a> {
    fn new(catalog: &'a Catalog, rules: &'a CommandRules) -> Self {
        let adds = !rules.permits_unknown();
        let mut reached = CommandRules::default();
        reached.set_all(catalog, !adds);
        let words = vec![if adds { "-@all" } else { "+@all" }.to_owned()];
        Self { catalog, rules, reached, left: rules.clone(), words, adds }
    }

    fn text(mut self) -> String {
        self.add_categories();
        let catalog = self.catalog;
        for command in catalog.commands() {
            self.add_command(command);
        }
        self.words.join(" ")
    }

    /// Adds the category that fits best, again and again.
    fn add_categories(&mut self) {
        let mut unused: Vec<_> = self.catalog.categories().enumerate().collect();
        while let Some(best) = self.best(&unused) {
            let (category, name) = unused.remove(best);
            self.reached.set_category(self.catalog, category, self.adds);
            self.left.set_category(self.catalog, category, !self.adds);
            self.words.push(format!("{}@{name}", if self.adds { '+' } else { '-' }));
        }
    }

    /// Returns the place of the category with the fewest commands that differ, and among those with
    /// the most that agree, which have to be more.
    fn best(&self, unused: &[(usize, &str)]) -> Option<usize> {
        let mut best: Option<(usize, usize, usize)> = None;
        for (place, (category, _)) in unused.iter().enumerate() {
            let (mut same, mut differ) = (0, 0);
            for command in self.catalog.commands().filter(|it| it.categories.has(*category)) {
                let agrees = self.left.permits(command) == self.adds;
                *(if agrees { &mut same } else { &mut differ }) += 1;
            }
            let is_better = best.is_none_or(|(_, fewest, most)| {
                differ < fewest || (differ == fewest && same > most)
            });
            if same > differ && is_better {
                best = Some((place, differ, same));
            }
        }
        best.map(|(place, ..)| place)
    }

    /// Adds a command if the categories did not get it right, and its first arguments.
    fn add_command(&mut self, command: &Command) {
        let permits = self.rules.permits(command);
        if permits != self.reached.permits(command) {
            self.words.push(format!("{}{}", if permits { '+' } else { '-' }, command.name));
            self.reached.set(self.catalog, command, permits);
        }
        if !permits {
            for argument in self.rules.first_args(command) {
                let argument = String::from_utf8_lossy(argument);
                self.words.push(format!("+{}|{argument}", command.name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &str) -> String {
        let catalog = Catalog::new();
        let mut user = User::new(b"u", &catalog);
        for word in words.split(' ') {
            user.apply(&catalog, word.as_bytes()).expect(word);
        }
        String::from_utf8(user.describe(&catalog)).expect("ASCII")
    }

    #[test]
    fn lines_are_in_normal_form() {
        let lines = [
            ("on nopass ~* &* +@all", "on nopass ~* &* +@all"),
            ("on ~a %R~b", "on ~a %R~b resetchannels -@all"),
            ("+get", "off resetchannels -@all +get"),
            ("+@all -flushall", "off resetchannels +@all -flushall"),
            ("allcommands -@dangerous", "off resetchannels +@all -@dangerous"),
            ("+@read &c &d", "off resetchannels &c &d -@all +@read"),
            ("+config -config|set", "off resetchannels -@all +config -config|set"),
            ("+select|0 +select|B", "off resetchannels -@all +select|0 +select|B"),
            ("+@all -select +select|0", "off resetchannels +@all -select +select|0"),
        ];
        for (words, expected) in lines {
            assert_eq!(line(words), expected, "{words}");
        }
    }

    #[test]
    fn a_description_makes_the_same_user() {
        for words in ["+@read -get -@hash +@geo", "+@all -@slow +config|get", "+@stream +@fast"] {
            let once = line(words);
            assert_eq!(line(&once.replace("resetchannels ", "")), once, "{words}");
        }
    }
}
