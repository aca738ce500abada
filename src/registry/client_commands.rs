//! `CLIENT LIST` and `CLIENT KILL`: the arguments in, what became of them out.

use super::kill_filter::{Filter, parse_kill, parse_list};
use super::{Entry, Registry};
use tidegate_store::Dialect;

/// The outcome of `CLIENT KILL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Killed {
    /// How many clients it ended; `None` where the answer is `OK` (`CLIENT KILL ip:port`).
    pub count: Option<usize>,
    /// Whether the client that asked is among them. It is to end when it has its replies.
    pub is_me: bool,
}

impl Registry {
    /// The text that answers `CLIENT LIST`; `args` are those after it.
    ///
    /// # Errors
    /// The error to answer with.
    pub fn list(&self, args: &[&[u8]], dialect: Dialect, now_ms: u64) -> Result<String, String> {
        let filter = parse_list(args, dialect)?;
        let entries = self.all().into_iter().filter(|entry| filter.matches(entry, now_ms));
        Ok(entries.map(|entry| entry.line(now_ms) + "\n").collect())
    }

    /// Runs `CLIENT KILL`; `args` are those after it. It does not end `me`, the client that asks.
    ///
    /// # Errors
    /// The error to answer with.
    pub fn kill(
        &self,
        args: &[&[u8]],
        me: &Entry,
        dialect: Dialect,
        now_ms: u64,
    ) -> Result<Killed, String> {
        let (filter, is_by_address) = match args {
            [addr] => (Filter::by_address(addr), true),
            _ => (parse_kill(args, dialect)?, false),
        };
        let (mut count, mut is_me) = (0, false);
        for entry in self.all() {
            let is_asking = entry.id == me.id;
            // A client that is about to end does not count again.
            let is_spared = entry.is_killed() || is_asking && filter.skips_me;
            if is_spared || !filter.matches(&entry, now_ms) {
                continue;
            }
            count += 1;
            if is_asking {
                is_me = true;
            } else {
                entry.kill();
            }
        }
        match (is_by_address, count) {
            (true, 0) => Err("ERR No such client".to_owned()),
            (true, _) => Ok(Killed { count: None, is_me }),
            (false, count) => Ok(Killed { count: Some(count), is_me }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_that_asks_is_told_and_not_ended() {
        let registry = Registry::default();
        let addr = |port| std::net::SocketAddr::from(([127, 0, 0, 1], port));
        let admit = |port| registry.admit(addr(port), addr(1), 9, 0).unwrap();
        let (me, other) = (admit(2), admit(3));
        let kill = |args: &[&[u8]]| registry.kill(args, &me, Dialect::default(), 0);
        let done = |count, is_me| Ok(Killed { count, is_me });
        assert_eq!(kill(&[b"TYPE", b"normal"]), done(Some(1), false));
        assert!(other.is_killed());
        assert_eq!(kill(&[b"TYPE", b"normal", b"SKIPME", b"no"]), done(Some(1), true));
        assert_eq!(kill(&[b"127.0.0.1:2"]), done(None, true));
        assert!(!me.is_killed());
        assert_eq!(kill(&[b"127.0.0.1:3"]), Err("ERR No such client".to_owned()));
        assert_eq!(
            registry.list(&[b"ID", b"2"], Dialect::default(), 0).unwrap().lines().count(),
            1
        );
    }
}
