//! What a login may read, by the words of `ACL GETUSER`. A word that is not known here counts as a
//! prohibition.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tidegate_wire::command::{self, NUMBERS};

/// Reads that some servers do not put into the category `read`.
const NOT_READ: [&str; 7] =
    ["bitfield", "debug", "function", "georadius", "georadiusbymember", "pfdebug", "sort"];

/// What a login may do, as far as the master has reported it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Rights {
    /// No key, or it is not known which.
    Nothing,
    /// Every key. The master does not report the commands: they are those of a login that has
    /// `+@read`.
    Reads,
    /// Every key, and these commands: rules in their order.
    Rules(Vec<String>),
}

impl Rights {
    /// Returns the rights of a user with these rules and patterns. Selectors can only add rights,
    /// so they are left out.
    pub(in crate::engine) fn of(commands: &str, keys: &[String]) -> Self {
        let all = ["~*", "%R~*", "%RW~*", "allkeys"];
        if !keys.iter().any(|key| all.contains(&key.as_str())) {
            return Self::Nothing;
        }
        Self::Rules(commands.split_ascii_whitespace().map(str::to_ascii_lowercase).collect())
    }

    /// Whether the login may run this command (or container of commands) on every key.
    pub(in crate::engine) fn may(&self, name: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Reads => !NOT_READ.contains(&name),
            Self::Rules(rules) => {
                rules.iter().fold(false, |may, rule| judge(rule, name).unwrap_or(may))
            }
        }
    }
}

/// Returns whether a rule allows a command; `None` where the rule does not concern it.
fn judge(rule: &str, name: &str) -> Option<bool> {
    match rule.split_at_checked(1)? {
        _ if rule == "allcommands" => Some(true),
        _ if rule == "nocommands" => Some(false),
        ("+", "@all") => Some(true),
        ("+", "@read") => (!NOT_READ.contains(&name)).then_some(true),
        ("+", rest) => (rest == name).then_some(true),
        ("-", rest) => match rest.strip_prefix('@') {
            Some(category) => may_be_of(category, name).then_some(false),
            None => (rest.split('|').next() == Some(name)).then_some(false),
        },
        _ => Some(false),
    }
}

/// Whether a command may belong to a category. Every command may belong to a category that is not
/// known here.
fn may_be_of(category: &str, name: &str) -> bool {
    match category {
        "admin" => name == "debug",
        "blocking" => name == "xread",
        "connection" | "pubsub" | "transaction" => false,
        "dangerous" => ["debug", "keys", "sort", "sort_ro"].contains(&name),
        "scripting" => name == "function",
        "write" => NOT_READ.contains(&name),
        _ => true,
    }
}

/// The commands that the engine may serve in place, by their number. Each request reads it, so it
/// has no lock.
#[derive(Debug)]
pub(in crate::engine) struct Allowed(Box<[AtomicBool]>);

impl Default for Allowed {
    fn default() -> Self {
        Self((0..NUMBERS).map(|_| AtomicBool::new(false)).collect())
    }
}

impl Allowed {
    /// Whether the engine may serve a command (or container of commands) in place.
    #[inline]
    pub(in crate::engine) fn has(&self, number: usize) -> bool {
        self.0.get(number).is_some_and(|may| may.load(Relaxed))
    }

    pub(in crate::engine) fn set(&self, rights: &Rights) {
        for row in command::all() {
            let place = command::number(row.name.as_bytes()).and_then(|at| self.0.get(at));
            if let Some(place) = place {
                place.store(rights.may(row.name), Relaxed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_taken_in_their_order_and_strictly() {
        let may = |commands: &str, name: &str| {
            Rights::of(commands, &["~app:*".into(), "%R~*".into()]).may(name)
        };
        for (commands, name, wanted) in [
            ("+@all", "get", true),
            ("+@all -@dangerous", "keys", false),
            ("+@all -@dangerous -@admin -@blocking", "get", true),
            ("+@all -@hash", "hget", false),
            ("+@all -@hash", "get", false),
            ("-@all +@read", "get", true),
            ("-@all +@read", "sort", false),
            ("-@all +@read -get", "get", false),
            ("-@all +@read -object|freq", "object", false),
            ("-@all +get", "get", true),
            ("-@all +get", "mget", false),
            ("-@all +object|encoding", "object", false),
            ("-@all +@string", "get", false),
            ("+@all -@read +get", "get", true),
            ("+@all nonsense", "get", false),
            ("", "get", false),
        ] {
            assert_eq!(may(commands, name), wanted, "{commands}: {name}");
        }
        assert_eq!(Rights::of("+@all", &["~app:*".into(), "%W~*".into()]), Rights::Nothing);
        assert!(Rights::Reads.may("get") && !Rights::Reads.may("debug"));
    }
}
