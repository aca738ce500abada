//! The requests of one transaction, and what becomes of it when its server has failed it.

use std::collections::VecDeque;

use crate::backend::{Cause, Failed, Refusal};
use crate::session::replies::Sequence;
use crate::topology::BackendId;

/// What a request is to its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Part {
    /// The MULTI that begins it; `watched` if keys are watched.
    Multi {
        /// Keys are watched: on another server they count as changed.
        watched: bool,
    },
    /// A command to be queued.
    Command,
    /// The EXEC that runs it.
    Exec,
    /// A DISCARD, of the client or of the proxy: nothing is run.
    Discard,
}

/// Why a request has no reply of the server that it was sent to.
#[derive(Clone, Debug)]
pub(in crate::client) enum Fate {
    /// The server refused it with this error, which the client does not have yet.
    Refused(BackendId, Vec<u8>),
    /// The client has the server's error.
    Answered,
    /// The connection ended, or no reply came in time.
    Failed(Failed),
}

/// A request that was sent.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) seq: Sequence,
    pub(super) len: usize,
    pub(super) part: Part,
    /// It is a MULTI, and its connection has begun transactions before: its server does not refuse
    /// it.
    pub(super) is_sure: bool,
    /// A DISCARD was sent in place of this EXEC.
    pub(super) discards: bool,
    pub(super) fate: Option<Box<Fate>>,
}

impl Entry {
    /// The server that refused or lost it.
    pub(super) fn refuser(&self) -> Option<BackendId> {
        match self.fate.as_deref()? {
            Fate::Refused(backend, _) => Some(*backend),
            Fate::Failed(failed) => Some(failed.backend),
            Fate::Answered => None,
        }
    }

    /// Whether the server may have got it, and has not answered.
    fn is_in_doubt(&self) -> bool {
        match self.fate.as_deref() {
            Some(Fate::Failed(failed)) => !matches!(failed.cause, Cause::Unsent { .. }),
            _ => false,
        }
    }
}

/// Whether a transaction ends with this.
pub(super) const fn ends(part: Part) -> bool {
    matches!(part, Part::Exec | Part::Discard)
}

/// Takes the first transaction out.
pub(super) fn take_first(entries: &mut VecDeque<Entry>) -> Option<VecDeque<Entry>> {
    let end = entries.iter().position(|it| ends(it.part)).map_or(entries.len(), |end| end + 1);
    let rest = entries.split_off(end);
    let first = std::mem::replace(entries, rest);
    (!first.is_empty()).then_some(first)
}

/// What becomes of a transaction that is not in flight any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It has ended, and the client has every reply.
    Done,
    /// It is begun anew.
    Anew,
    /// The client gets the errors; `unrun` if it is known that no server has run it.
    GiveUp { unrun: bool },
}

/// Judges a transaction; `leads` tells whether a server may be sent writes now.
pub(super) fn verdict(transaction: &VecDeque<Entry>, leads: impl Fn(BackendId) -> bool) -> Verdict {
    let (Some(first), Some(last)) = (transaction.front(), transaction.back()) else {
        return Verdict::Done;
    };
    if transaction.iter().all(|it| it.fate.is_none()) {
        return if ends(last.part) { Verdict::Done } else { Verdict::Anew };
    }
    let runs = last.part == Part::Exec && !last.discards;
    // The server has taken the EXEC, or may have.
    let may_have_run = runs && (last.fate.is_none() || last.is_in_doubt());
    // Without MULTI the commands run at once.
    let is_begun = match first.fate.as_deref() {
        None => true,
        Some(Fate::Answered | Fate::Refused(..)) => false,
        Some(Fate::Failed(_)) => {
            let mut behind = transaction.iter().skip(1);
            first.is_sure || behind.all(|it| it.fate.is_some() && !it.is_in_doubt())
        }
    };
    if may_have_run || !is_begun {
        return Verdict::GiveUp { unrun: false };
    }
    let goes_on = transaction.iter().filter_map(|it| it.fate.as_deref()).all(|fate| match fate {
        Fate::Refused(backend, line) => match refusal(line) {
            Some(Refusal::ReadOnly) => true,
            // The master itself loads its data, or the reason stands with another command.
            Some(_) => !leads(*backend),
            None => true,
        },
        Fate::Failed(failed) => {
            matches!(failed.cause, Cause::Lost(_) | Cause::Unsent { refusal: None, .. })
        }
        Fate::Answered => false,
    });
    if goes_on { Verdict::Anew } else { Verdict::GiveUp { unrun: true } }
}

/// The refusal in an error, or in the reason that an `-EXECABORT` gives, if it shows that the server
/// is no master.
pub(super) fn refusal(line: &[u8]) -> Option<Refusal> {
    const ABORTED: &[u8] = b"-EXECABORT Transaction discarded because of:";
    let refusal = Refusal::of(line.strip_prefix(ABORTED).unwrap_or(line))?;
    let is_no_master =
        matches!(refusal, Refusal::ReadOnly | Refusal::MasterDown | Refusal::Loading);
    is_no_master.then_some(refusal)
}
