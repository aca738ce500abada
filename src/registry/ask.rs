//! What the CLIENT commands do that look at all clients of a port: LIST, KILL, PAUSE. Arguments in
//! and results out; writes no reply.

use super::{Entry, Filter, Pause, Registry, parse_kill, parse_list};
use tidegate_store::Dialect;
use tidegate_wire::resp::integer;

/// What `CLIENT KILL` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Killed {
    /// How many clients it ended; `None` where it is answered with `OK` (`CLIENT KILL ip:port`).
    pub count: Option<usize>,
    /// Whoever asked is among them: it ends when it has its replies.
    pub is_me: bool,
}

impl Registry {
    /// `CLIENT LIST`; `args` are those after it.
    ///
    /// # Errors
    /// The error to answer with.
    pub fn list(&self, args: &[&[u8]], dialect: Dialect, now_ms: u64) -> Result<String, String> {
        let filter = parse_list(args, dialect)?;
        let entries = self.all().into_iter().filter(|entry| filter.matches(entry, now_ms));
        Ok(entries.map(|entry| entry.line(now_ms) + "\n").collect())
    }

    /// `CLIENT KILL`, said by `me`, who is not ended here; `args` are those after it.
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
            // One that is on its way out already is not killed twice.
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

impl Pause {
    /// `CLIENT PAUSE`; `args` are those after it.
    ///
    /// # Errors
    /// The error to answer with.
    pub fn ask(&self, args: &[&[u8]], now_ms: u64) -> Result<(), &'static str> {
        let is_all = match args.get(1) {
            None => true,
            Some(mode) if mode.eq_ignore_ascii_case(b"all") => true,
            Some(mode) if mode.eq_ignore_ascii_case(b"write") => false,
            Some(_) => return Err("ERR CLIENT PAUSE mode must be WRITE or ALL"),
        };
        let time = args.first().and_then(|time| integer::parse(time));
        let time = time.ok_or("ERR timeout is not an integer or out of range")?;
        let time = u64::try_from(time).map_err(|_| "ERR timeout is negative")?;
        self.pause(now_ms.saturating_add(time), is_all, now_ms);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_is_told_and_not_ended() {
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

    #[test]
    fn a_pause_is_said_in_milliseconds() {
        let pause = Pause::default();
        assert!(pause.ask(&[b"-1"], 5).is_err() && pause.ask(&[b"9", b"some"], 5).is_err());
        assert!(!pause.is_set());
        pause.ask(&[b"9", b"WRITE"], 5).unwrap();
        assert!(pause.holds(true, || 13) && !pause.holds(false, || 13));
    }
}
