//! The acks of a replica, what else it sends to its master unasked, and how long it waits for a
//! silent master. Never looks at a clock: times are milliseconds of the caller's clock.

use std::time::Duration;

use tidegate_wire::resp::{encode, integer};
use tidegate_wire::units::{ReplOffset, millis};

/// How often the replica sends something (the period of Redis's `replicationCron`).
const PERIOD_MS: u64 = 1000;
/// How often the replica acknowledges a complete payload until the stream goes on. Meanwhile the
/// stream gathers in the master's output buffer.
const OPENING_PERIOD_MS: u64 = 10;

/// What a replica acknowledges with `REPLCONF ACK` (`replicationSendAck`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ack {
    /// The offset up to which it has applied the stream.
    pub applied: ReplOffset,
    /// The offset up to which its append-only file is synced (`FACK`); `None` if it has no such file.
    pub synced: Option<ReplOffset>,
}

impl Ack {
    /// Returns the ack of a replica that has no append-only file.
    #[must_use]
    pub const fn of(applied: ReplOffset) -> Self {
        Self { applied, synced: None }
    }

    /// Returns the ack that these words are: `REPLCONF ACK <offset> [FACK <offset>]`; `None` for
    /// other requests. What is no number counts as 0.
    #[must_use]
    pub fn parse(words: &[&[u8]]) -> Option<Self> {
        let [name, option, applied, rest @ ..] = words else { return None };
        let is_ack = name.eq_ignore_ascii_case(b"REPLCONF") && option.eq_ignore_ascii_case(b"ACK");
        let number = |word: &[u8]| {
            let number = integer::parse(word).and_then(|it| u64::try_from(it).ok());
            ReplOffset::new(number.unwrap_or(0))
        };
        let synced = match rest {
            [word, synced, ..] if word.eq_ignore_ascii_case(b"FACK") => Some(number(synced)),
            _ => None,
        };
        is_ack.then(|| Self { applied: number(applied), synced })
    }
}

/// What a link is doing, which decides what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// From the first PING to the answer to PSYNC. The pulse sends nothing.
    Handshake,
    /// The payload is transferred or loaded. The pulse sends an empty line.
    Syncing,
    /// The stream is applied. The pulse sends the applied offset.
    Streaming,
    /// The stream is applied, but the master was asked with `SYNC` and counts no offsets. The pulse
    /// sends nothing.
    Uncounted,
}

/// The pulse of a link: periodic acks, and a limit for the master's silence.
#[derive(Clone, Copy, Debug)]
pub struct Pulse {
    phase: Phase,
    timeout_ms: u64,
    heard_ms: u64,
    due_ms: u64,
    /// Whether the master holds the stream back until it gets an ack.
    opening: bool,
}

impl Pulse {
    /// Returns the pulse of a connection that is being made now; `repl-timeout` counts from here.
    #[must_use]
    pub fn new(repl_timeout: Duration, now_ms: u64) -> Self {
        let timeout_ms = millis(repl_timeout);
        let phase = Phase::Handshake;
        Self { phase, timeout_ms, heard_ms: now_ms, due_ms: now_ms, opening: false }
    }

    /// Changes the timeout, as `CONFIG SET repl-timeout` does.
    pub fn set_timeout(&mut self, repl_timeout: Duration) {
        self.timeout_ms = millis(repl_timeout);
    }

    /// Starts `phase`. What the phase sends is due at once.
    pub const fn enter(&mut self, phase: Phase, now_ms: u64) {
        self.phase = phase;
        self.due_ms = now_ms;
    }

    /// Notes that a payload between `$EOF:` marks is complete. The master holds the stream back
    /// until the first ack, and closes the link when the held bytes exceed a limit of its output
    /// buffer, so it gets the ack before the payload is loaded. It counts only acks that come after
    /// its child process has ended, which is after the mark. So the pulse sends one every 10 ms
    /// until the next [`Self::heard`].
    pub const fn open_stream(&mut self, now_ms: u64) {
        self.opening = true;
        self.due_ms = now_ms;
    }

    /// Notes that at least one byte came; an empty line counts. A caller that did not read for a
    /// while (for lack of room, say) calls this when it reads again, because the master was not
    /// silent.
    pub const fn heard(&mut self, now_ms: u64) {
        self.heard_ms = now_ms;
        self.opening = false;
    }

    /// Whether the master has been silent for longer than `repl-timeout`: the link is dead.
    #[must_use]
    pub const fn is_dead(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.heard_ms) > self.timeout_ms
    }

    /// Writes what is due, once a second. `ack.applied` is the offset of the payload while it is
    /// loaded, and 0 where it is unknown. What is synced counts once the stream is applied: before,
    /// it may be of another history.
    pub fn beat(&mut self, ack: Ack, now_ms: u64, out: &mut Vec<u8>) {
        if now_ms < self.due_ms {
            return;
        }
        match self.phase {
            _ if self.opening => write_ack(Ack::of(ack.applied), out),
            Phase::Handshake | Phase::Uncounted => {}
            Phase::Syncing => out.push(b'\n'),
            Phase::Streaming => write_ack(ack, out),
        }
        let period = if self.opening { OPENING_PERIOD_MS } else { PERIOD_MS };
        self.due_ms = now_ms.saturating_add(period);
    }

    /// When to call [`Self::beat`] and [`Self::is_dead`] again.
    #[must_use]
    pub fn wake_ms(&self) -> u64 {
        let dead = self.heard_ms.saturating_add(self.timeout_ms).saturating_add(1);
        match self.phase {
            Phase::Handshake | Phase::Uncounted if !self.opening => dead,
            _ => dead.min(self.due_ms),
        }
    }
}

/// Writes `REPLCONF ACK <offset> [FACK <offset>]`. Besides the acks of [`Pulse`], the caller sends one at once when
/// `REPLCONF GETACK *` comes in the stream, with the offset *before* that command, as Redis 6.2 to
/// 8.2 and Valkey 9.1 do. The command's own bytes count with the next ack. A master that runs
/// `WAIT` asks only for what was before the command.
pub fn write_ack(ack: Ack, out: &mut Vec<u8>) {
    let applied = integer::text(ack.applied.get());
    let words = [b"REPLCONF", &b"ACK"[..], &applied];
    match ack.synced {
        Some(synced) => {
            let synced = integer::text(synced.get());
            let words = [words[0], words[1], words[2], b"FACK", &synced];
            encode::request(out, words.into_iter());
        }
        None => encode::request(out, words.into_iter()),
    }
}

/// Whether a command of the stream asks for an ack: `REPLCONF GETACK`.
#[must_use]
pub fn is_getack(args: &[&[u8]]) -> bool {
    let [name, option, ..] = args else { return false };
    name.eq_ignore_ascii_case(b"REPLCONF") && option.eq_ignore_ascii_case(b"GETACK")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pulse: &mut Pulse, now_ms: u64) -> String {
        let mut out = Vec::new();
        pulse.beat(Ack::of(ReplOffset::new(77)), now_ms, &mut out);
        String::from_utf8(out).unwrap()
    }

    const ACK: &str = "*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$2\r\n77\r\n";

    #[test]
    fn one_message_is_sent_a_second() {
        let mut pulse = Pulse::new(Duration::from_secs(60), 0);
        assert_eq!((said(&mut pulse, 0), pulse.wake_ms()), (String::new(), 60_001));
        pulse.enter(Phase::Syncing, 10);
        assert_eq!(
            [10, 11, 1009, 1010, 1500].map(|now| said(&mut pulse, now)),
            ["\n", "", "", "\n", ""]
        );
        assert_eq!(pulse.wake_ms(), 2010);
        pulse.enter(Phase::Streaming, 1600);
        assert_eq!(
            [1600, 2599, 2600, 9000, 9001].map(|now| said(&mut pulse, now)),
            [ACK, "", ACK, ACK, ""]
        );
        pulse.enter(Phase::Uncounted, 9002);
        assert_eq!(said(&mut pulse, 20_000), "");
    }

    #[test]
    fn the_stream_is_opened_by_acks_that_are_not_too_early() {
        for phase in [Phase::Syncing, Phase::Streaming, Phase::Uncounted] {
            let mut pulse = Pulse::new(Duration::from_secs(60), 0);
            pulse.enter(Phase::Syncing, 0);
            assert_eq!(said(&mut pulse, 0), "\n");
            pulse.open_stream(10);
            pulse.enter(phase, 10);
            assert_eq!(
                [10, 11, 20, 29, 30].map(|now| said(&mut pulse, now)),
                [ACK, "", ACK, "", ACK]
            );
            assert_eq!(pulse.wake_ms(), 40);
            pulse.heard(35);
            let then = match phase {
                Phase::Syncing => "\n",
                Phase::Streaming => ACK,
                Phase::Handshake | Phase::Uncounted => "",
            };
            assert_eq!([40, 41, 1039, 1040].map(|now| said(&mut pulse, now)), [then, "", "", then]);
        }
    }

    #[test]
    fn the_master_may_be_silent_for_repl_timeout() {
        let mut pulse = Pulse::new(Duration::from_secs(5), 1000);
        assert_eq!([6000, 6001].map(|now| pulse.is_dead(now)), [false, true]);
        pulse.heard(4000);
        assert_eq!([9000, 9001].map(|now| pulse.is_dead(now)), [false, true]);
        assert_eq!(pulse.wake_ms(), 9001);
        pulse.set_timeout(Duration::MAX);
        assert!(!pulse.is_dead(u64::MAX));
    }

    #[test]
    fn what_is_synced_is_acknowledged_while_the_stream_is_applied() {
        let ack = Ack { applied: ReplOffset::new(77), synced: Some(ReplOffset::new(70)) };
        let mut pulse = Pulse::new(Duration::from_secs(60), 0);
        let said = |pulse: &mut Pulse| {
            let mut out = Vec::new();
            pulse.beat(ack, 0, &mut out);
            String::from_utf8(out).unwrap()
        };
        pulse.open_stream(0);
        assert_eq!(said(&mut pulse), ACK);
        pulse.heard(0);
        pulse.enter(Phase::Streaming, 0);
        let both = "*5\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$2\r\n77\r\n$4\r\nFACK\r\n$2\r\n70\r\n";
        assert_eq!(said(&mut pulse), both);
    }

    #[test]
    fn an_ack_has_an_offset_and_perhaps_that_of_the_disk() {
        let ack = |applied, synced: Option<u64>| {
            let synced = synced.map(ReplOffset::new);
            Some(Ack { applied: ReplOffset::new(applied), synced })
        };
        assert_eq!(Ack::parse(&[b"replconf", b"ack", b"17"]), ack(17, None));
        assert_eq!(Ack::parse(&[b"REPLCONF", b"ACK", b"17", b"FACK", b"3"]), ack(17, Some(3)));
        assert_eq!(Ack::parse(&[b"REPLCONF", b"ACK", b"17", b"fack", b"x"]), ack(17, Some(0)));
        assert_eq!(Ack::parse(&[b"REPLCONF", b"ACK", b"17", b"FACK"]), ack(17, None));
        assert_eq!(Ack::parse(&[b"REPLCONF", b"ACK", b"-3"]), ack(0, None));
        assert_eq!(Ack::parse(&[b"REPLCONF", b"GETACK", b"*"]), None);
        assert_eq!(Ack::parse(&[b"PING"]), None);
    }

    #[test]
    fn a_request_for_an_ack_is_recognised() {
        assert!(is_getack(&[b"REPLCONF", b"GETACK", b"*"]));
        assert!(is_getack(&[b"replconf", b"getack", b"*"]));
        assert!(!is_getack(&[b"REPLCONF", b"ACK", b"1"]));
        assert!(!is_getack(&[b"PING"]));
    }
}
