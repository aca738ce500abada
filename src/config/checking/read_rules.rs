//! What is checked about `[[rule]]`: that it can match a read, and that it says a level.

use super::warning::Warning;
use crate::config::mistakes::Report;
use crate::config::model::{Config, Rule};
use crate::routing::rules::{Match, Named, named};
use tidegate_acl::Acl;

const PARTS: [&str; 4] = ["match.command", "match.key", "match.user", "match.db"];

/// Notes the mistakes.
pub(super) fn check(config: &Config, report: &mut Report<'_>) {
    for (at, rule) in config.rules.iter().enumerate() {
        let path = format!("rule[{at}]");
        let has_match = report.is_read(&format!("{path}.match"));
        let is_given = |part: &str| report.is_given(&format!("{path}.{part}"));
        if has_match && !PARTS.iter().any(|part| is_given(part)) {
            let rule = format!("needs at least one of {}", PARTS.join(", "));
            report.conflict(&path, "{...}".to_owned(), rule);
        }
        if !report.is_given(&format!("{path}.reads")) {
            let rule = "needs reads, the level of the reads that it matches";
            report.conflict(&path, "{...}".to_owned(), rule.to_owned());
        }
        for name in rule.commands.iter().flatten().filter(|name| named(name) == Named::NoRead) {
            let rule = "is no read that a replica may answer, so this rule would never apply";
            report.conflict(&format!("{path}.match.command"), format!("{name:?}"), rule.to_owned());
        }
    }
}

/// The warnings about rules that match nothing, or may match nothing.
pub(super) fn warnings(rules: &[Rule], acl: &Acl) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut before: Vec<Match> = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let key = |part: &str| format!("rule[{at}].{part}");
        let names = || rule.commands.iter().flatten();
        for name in names().filter(|name| named(name) == Named::Unknown) {
            let text = "no such command is known; if it is one of a module, this rule applies to it \
                        where the master says that it only reads";
            warnings.push(Warning::new(key("match.command"), &format_args!("{name:?}"), text));
        }
        let is_keyless = |name: &String| named(name) == Named::Read { keys: false };
        if let Some(pattern) = &rule.key
            && rule.commands.is_some()
            && names().all(is_keyless)
        {
            let text = "the commands of match.command have no keys, so this rule never applies";
            warnings.push(Warning::new(key("match.key"), &format_args!("{pattern:?}"), text));
        }
        if let Some(user) = rule.user.as_ref().filter(|it| acl.user(it.as_bytes()).is_none()) {
            let text = "clients cannot log in as this user, so this rule never applies";
            warnings.push(Warning::new(key("match.user"), &format_args!("{user:?}"), text));
        }
        let own = rule.matches();
        if let Some(first) = before.iter().position(|other| other.covers(&own)) {
            let text = format!("rule[{first}] matches all that this rule does, and comes first");
            let level = rule.level.map_or("", crate::consistency::Level::as_str);
            warnings.push(Warning::new(key("reads"), &format_args!("\"{level}\""), &text));
        }
        before.push(own);
    }
    warnings
}
