//! What a user may not do.

/// What a request was refused for. The order is that of importance: of several selectors the most
/// important reason counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The command.
    Command,
    /// A key.
    Key,
    /// A channel.
    Channel,
    /// SORT with BY and a pattern, which reads keys that the request does not name.
    SortBy,
    /// SORT with GET, likewise.
    SortGet,
}

/// A request that a user may not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied<'a> {
    /// What it is refused for.
    pub reason: Reason,
    /// The name of the command, the key or the channel.
    pub object: &'a [u8],
}

impl Denied<'_> {
    /// Returns the error that the client gets, in the words of Redis 7.0.
    #[must_use]
    pub fn error(&self) -> String {
        let object = String::from_utf8_lossy(self.object);
        match self.reason {
            Reason::Command => {
                format!("NOPERM this user has no permissions to run the '{object}' command")
            }
            Reason::Key => "NOPERM this user has no permissions to access one of the keys used \
                            as arguments"
                .to_owned(),
            Reason::Channel => "NOPERM this user has no permissions to access one of the \
                                channels used as arguments"
                .to_owned(),
            Reason::SortBy => {
                "ERR BY option of SORT denied due to insufficient ACL permissions.".to_owned()
            }
            Reason::SortGet => {
                "ERR GET option of SORT denied due to insufficient ACL permissions.".to_owned()
            }
        }
    }

    /// Returns what `ACL DRYRUN` answers, which names the key or channel.
    #[must_use]
    pub fn verdict(&self) -> Vec<u8> {
        let (before, after) = match self.reason {
            Reason::Command => ("run", "command"),
            Reason::Channel => ("access", "channel"),
            Reason::Key | Reason::SortBy | Reason::SortGet => ("access", "key"),
        };
        let head = format!("This user has no permissions to {before} the '");
        [head.as_bytes(), self.object, b"' ", after.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_redis_7_0() {
        let denied = |reason| Denied { reason, object: b"x" };
        assert_eq!(
            denied(Reason::Command).error(),
            "NOPERM this user has no permissions to run the 'x' command"
        );
        assert_eq!(
            denied(Reason::Key).error(),
            "NOPERM this user has no permissions to access one of the keys used as arguments"
        );
        assert_eq!(
            denied(Reason::Channel).verdict(),
            b"This user has no permissions to access the 'x' channel"
        );
        assert!(Reason::Command < Reason::Key && Reason::Key < Reason::Channel);
    }
}
