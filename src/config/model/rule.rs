//! `[[rule]]`: which reads have a consistency level of their own.

use super::section::section;
use crate::config::kind::{CommandName, IfGiven, Integer, ListOf, OneOf, OneOrList, Pattern, Text};
use crate::consistency::Level;
use crate::routing::rules::Match;

section! {
    /// One `[[rule]]`: what it matches, and the level of the reads that it matches. Of several rules
    /// the first one that matches counts.
    pub struct Rule = "rule" [256] {
        /// The commands that it matches, in lower case; a subcommand's name follows a `|`.
        "match.command" => commands: Option<Vec<String>> = None,
            IfGiven(OneOrList(ListOf { kind: CommandName, min: 1, max: 64 })), Live;

        /// The pattern of the keys that it matches; one of a request's keys is enough.
        "match.key" => key: Option<String> = None, IfGiven(Pattern), Live;

        /// The user that it matches.
        "match.user" => user: Option<String> = None, IfGiven(Text), Live;

        /// The database that it matches.
        "match.db" => db: Option<u32> = None, IfGiven(Integer(0, 0x7fff_ffff)), Live;

        /// The level of the reads that it matches.
        "reads" => level: Option<Level> = None, IfGiven(OneOf::<Level>::new()), Live;
    }
}

impl Rule {
    /// What it matches.
    #[must_use]
    pub fn matches(&self) -> Match {
        let Self { commands, key, user, db, level: _ } = self.clone();
        Match { commands, key, user, db }
    }
}
