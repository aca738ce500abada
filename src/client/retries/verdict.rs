//! What is done with a request that a server did not answer.

use crate::backend::{Cause, Refusal};
use crate::routing::Target;
use crate::routing::plan::Repeat;

/// What is done with a request that a server did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Verdict {
    /// The master did not get the request, or refused it with -READONLY: it waits until it may be
    /// sent to the master, this one or another one.
    WaitForMaster,
    /// Another server of this target gets it.
    Again(Target),
    /// The server serves no requests for a while, and another one gets this one.
    AgainElsewhere,
    /// The time of a read that waits for data is over: the client gets the answer for that.
    EndBlocked,
    /// The client gets an error.
    GiveUp,
    /// The server serves no requests for a while, and the client gets an error.
    GiveUpServer,
}

/// Judges a request that failed because of `cause` at a replica (`is_replica`) or the master.
/// `is_unchanged`: nothing that it depends on was lost with the connection. `waits`: it is a command
/// that waits for data.
pub(in crate::client) fn verdict(
    cause: &Cause,
    is_replica: bool,
    repeat: Repeat,
    is_unchanged: bool,
    waits: bool,
) -> Verdict {
    let is_read = !repeat.may_write();
    match cause {
        Cause::Refused(Refusal::ReadOnly, _) => Verdict::WaitForMaster,
        // Behind the write that waits.
        Cause::BehindRefused(_) if is_read => Verdict::WaitForMaster,
        Cause::Refused(Refusal::Loading | Refusal::MasterDown, _) if is_replica && is_read => {
            Verdict::AgainElsewhere
        }
        Cause::Refused(Refusal::Unblocked, _) if is_replica && is_read => {
            Verdict::Again(Target::Read)
        }
        // The server follows another one now, or was asked to end it: it took nothing.
        Cause::Refused(Refusal::Unblocked, _) if waits && is_unchanged => Verdict::WaitForMaster,
        Cause::Refused(Refusal::NoScript, _) if is_replica && repeat == Repeat::Script => {
            Verdict::Again(Target::Master)
        }
        Cause::Refused(Refusal::UnknownCommand, _) if is_replica && is_read => {
            Verdict::Again(Target::Master)
        }
        Cause::Withdrawn if is_read => Verdict::Again(repeat.target()),
        Cause::Behind if is_read => Verdict::Again(Target::Master),
        Cause::Elapsed => Verdict::EndBlocked,
        // A server that does not answer one request may well not answer the next.
        Cause::TimedOut => Verdict::GiveUpServer,
        Cause::Unsent { refusal: None, .. } if is_unchanged && repeat.target().is_master() => {
            Verdict::WaitForMaster
        }
        Cause::Unsent { refusal: None, .. } | Cause::Lost(_) if is_read && is_unchanged => {
            Verdict::Again(repeat.target())
        }
        _ => Verdict::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPEATS: [Repeat; 4] =
        [Repeat::IfRefused, Repeat::AtMaster, Repeat::AtReader, Repeat::Script];

    fn refused(refusal: Refusal) -> Cause {
        Cause::Refused(refusal, b"-ERR\r\n".to_vec())
    }

    fn unsent(refusal: Option<String>) -> Cause {
        Cause::Unsent { reason: "refused".to_owned(), refusal, reached: false }
    }

    fn causes() -> Vec<Cause> {
        let refusals = [
            Refusal::ReadOnly,
            Refusal::Loading,
            Refusal::MasterDown,
            Refusal::Unblocked,
            Refusal::NoScript,
            Refusal::UnknownCommand,
        ];
        let mut causes: Vec<_> = refusals.into_iter().map(refused).collect();
        causes.extend([unsent(None), unsent(Some("-NOAUTH".to_owned()))]);
        causes.extend([Cause::Lost("reset".to_owned()), Cause::TimedOut]);
        causes.extend([Cause::Withdrawn, Cause::Elapsed]);
        causes.push(Cause::BehindRefused(b"+OK\r\n".to_vec()));
        causes
    }

    /// DESIGN: a write whose outcome is unknown is never sent again.
    #[test]
    fn a_request_that_may_have_written_is_sent_again_only_if_it_was_refused() {
        for cause in causes() {
            for (is_replica, is_unchanged) in
                [(false, false), (false, true), (true, false), (true, true)]
            {
                let verdict = verdict(&cause, is_replica, Repeat::IfRefused, is_unchanged, false);
                let is_sent_again = matches!(
                    verdict,
                    Verdict::Again(_) | Verdict::AgainElsewhere | Verdict::WaitForMaster
                );
                let is_refused = matches!(cause, Cause::Refused(Refusal::ReadOnly, _));
                let is_unsent = matches!(cause, Cause::Unsent { refusal: None, .. });
                let may_be = is_refused || is_unsent && is_unchanged;
                assert_eq!(is_sent_again, may_be, "{cause:?}");
            }
        }
    }

    #[test]
    fn a_read_is_sent_again_where_its_class_allows() {
        for repeat in REPEATS.into_iter().filter(|repeat| !repeat.may_write()) {
            let lost = Cause::Lost("reset".to_owned());
            assert_eq!(verdict(&lost, true, repeat, true, false), Verdict::Again(repeat.target()));
            assert_eq!(verdict(&lost, true, repeat, false, false), Verdict::GiveUp);
            let unsent = unsent(None);
            let next = match repeat.target() {
                Target::Master => Verdict::WaitForMaster,
                target => Verdict::Again(target),
            };
            assert_eq!(verdict(&unsent, false, repeat, true, false), next);
            let gone = verdict(&Cause::Withdrawn, true, repeat, false, false);
            assert_eq!(gone, Verdict::Again(repeat.target()));
            let behind = Cause::BehindRefused(b"$-1\r\n".to_vec());
            for is_replica in [false, true] {
                let verdict = verdict(&behind, is_replica, repeat, true, false);
                assert_eq!(verdict, Verdict::WaitForMaster);
            }
            let loading = refused(Refusal::Loading);
            assert_eq!(verdict(&loading, true, repeat, false, false), Verdict::AgainElsewhere);
            assert_eq!(
                verdict(&loading, false, repeat, false, false),
                Verdict::GiveUp,
                "the master's"
            );
        }
        for repeat in REPEATS {
            let at = |is_replica| {
                verdict(&refused(Refusal::UnknownCommand), is_replica, repeat, true, false)
            };
            assert_eq!(at(true) == Verdict::Again(Target::Master), !repeat.may_write());
            assert_eq!(at(false), Verdict::GiveUp, "the client gets the master's error");
        }
        let no_script = refused(Refusal::NoScript);
        let at = |repeat| verdict(&no_script, true, repeat, true, false);
        assert_eq!(at(Repeat::Script), Verdict::Again(Target::Master));
        assert_eq!(at(Repeat::AtReader), Verdict::GiveUp);
    }

    #[test]
    fn a_command_that_its_server_has_ended_waits_for_the_next_one() {
        let ended = refused(Refusal::Unblocked);
        for repeat in REPEATS {
            let at_master = verdict(&ended, false, repeat, true, true);
            assert_eq!(at_master, Verdict::WaitForMaster);
            assert_eq!(verdict(&ended, false, repeat, true, false), Verdict::GiveUp, "a script");
            assert_eq!(verdict(&ended, false, repeat, false, true), Verdict::GiveUp);
        }
        let lost = Cause::Lost("reset".to_owned());
        assert_eq!(verdict(&lost, false, Repeat::IfRefused, true, true), Verdict::GiveUp);
    }

    #[test]
    fn a_silent_server_and_an_elapsed_block_are_told_apart() {
        for repeat in REPEATS {
            assert_eq!(verdict(&Cause::TimedOut, true, repeat, true, false), Verdict::GiveUpServer);
            assert_eq!(verdict(&Cause::Elapsed, true, repeat, true, false), Verdict::EndBlocked);
            let denied = unsent(Some("-NOAUTH".to_owned()));
            assert_eq!(verdict(&denied, true, repeat, true, false), Verdict::GiveUp);
        }
    }
}
