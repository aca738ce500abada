//! What a login may read, by the words of `ACL GETUSER`. Where a word is not known here it is taken
//! to forbid.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tidegate_wire::command::{self, NUMBERS};

/// Reads that are not of the category `read` at all servers.
const NOT_READ: [&str; 7] =
    ["bitfield", "debug", "function", "georadius", "georadiusbymember", "pfdebug", "sort"];

/// What a login may do, as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Rights {
    /// No key, or it is not known which.
    Nothing,
    /// Every key; which commands is not told: those of a login that has `+@read`.
    Reads,
    /// Every key, and these commands: rules in their order.
    Rules(Vec<String>),
}

impl Rights {
    /// Of a user with these rules and patterns. Selectors may only add to them, and are left out.
    pub(in crate::engine) fn of(commands: &str, keys: &[String]) -> Self {
        let all = ["~*", "%R~*", "%RW~*", "allkeys"];
        if !keys.iter().any(|key| all.contains(&key.as_str())) {
            return Self::Nothing;
        }
        Self::Rules(commands.split_ascii_whitespace().map(str::to_ascii_lowercase).collect())
    }

    /// Whether it may run this command (or container of commands) on every key.
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

/// What a rule says of a command; `None` where it says nothing.
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

/// Whether a command may be of a category; of a category that is not known here every one is.
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

/// Which commands may be served in place, by their number. Read per request, so without a lock.
#[derive(Debug)]
pub(in crate::engine) struct Allowed(Box<[AtomicBool]>);

impl Default for Allowed {
    fn default() -> Self {
        Self((0..NUMBERS).map(|_| AtomicBool::new(false)).collect())
    }
}

impl Allowed {
    /// Whether a command, or a container of commands, may be.
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
