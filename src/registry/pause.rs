//! `CLIENT PAUSE`: writes, or all requests, of all clients wait for a while.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use tidegate_wire::resp::integer;

/// The pause in force. Times are milliseconds of the process's clock.
#[derive(Debug, Default)]
pub struct Pause {
    until_ms: AtomicU64,
    all: AtomicBool,
}

impl Pause {
    /// Pauses until `until_ms`. A pause in force becomes longer or stricter, and never the opposite
    /// (`pauseClients`).
    pub fn pause(&self, until_ms: u64, all: bool, now_ms: u64) {
        let running = self.until_ms.load(SeqCst) > now_ms;
        self.all.store(all || running && self.all.load(SeqCst), SeqCst);
        self.until_ms.fetch_max(until_ms, SeqCst);
    }

    /// Runs `CLIENT PAUSE`; `args` are those after it.
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

    /// Ends the pause (`CLIENT UNPAUSE`).
    pub fn unpause(&self) {
        self.until_ms.store(0, SeqCst);
    }

    /// Forgets a pause that is over, so that requests need not ask for the time.
    pub fn tick(&self, now_ms: u64) {
        let until = self.until_ms.load(SeqCst);
        if until != 0 && until <= now_ms {
            // A pause that another thread sets at this moment stays.
            let _ = self.until_ms.compare_exchange(until, 0, SeqCst, SeqCst);
        }
    }

    /// Whether a pause was set and has not been ended; its time may be over.
    pub fn is_set(&self) -> bool {
        self.until_ms.load(SeqCst) != 0
    }

    /// When the pause ends, in milliseconds of the process's clock; 0 where none was set.
    pub fn ends_ms(&self) -> u64 {
        self.until_ms.load(SeqCst)
    }

    /// Whether a request has to wait. Asks for the time only while a pause is set.
    pub fn holds(&self, may_write: bool, now_ms: impl FnOnce() -> u64) -> bool {
        let until = self.until_ms.load(SeqCst);
        until != 0 && until > now_ms() && (may_write || self.all.load(SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_writes_or_everything_for_a_while() {
        let pause = Pause::default();
        assert!(!pause.holds(true, || 5));
        pause.pause(10, false, 5);
        assert!(pause.holds(true, || 9) && !pause.holds(false, || 9) && !pause.holds(true, || 10));
        pause.pause(8, true, 6);
        assert!(pause.holds(false, || 9), "extended, and stricter");
        pause.tick(9);
        assert!(pause.is_set());
        pause.tick(10);
        assert!(!pause.is_set(), "over");
        pause.pause(20, true, 11);
        pause.unpause();
        assert!(!pause.holds(true, || 12) && !pause.is_set());
    }

    #[test]
    fn the_time_of_a_pause_is_in_milliseconds() {
        let pause = Pause::default();
        assert!(pause.ask(&[b"-1"], 5).is_err() && pause.ask(&[b"9", b"some"], 5).is_err());
        assert!(!pause.is_set());
        pause.ask(&[b"9", b"WRITE"], 5).unwrap();
        assert!(pause.holds(true, || 13) && !pause.holds(false, || 13));
    }
}
