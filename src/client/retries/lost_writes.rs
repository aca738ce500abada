//! Writes whose outcome is unknown because their connection was lost.

use crate::backend::{Cause, Event, Failed};
use crate::session::Touches;
use crate::session::replies::Sequence;

/// Writes of one client whose outcome is unknown because their connection was lost.
#[derive(Debug, Default)]
pub(in crate::client) struct LostWrites {
    writes: Vec<(Sequence, Vec<u8>)>,
}

impl LostWrites {
    /// Those among `events`; `may_write` tells writes from reads.
    pub(in crate::client) fn among(events: &[Event], may_write: impl Fn(&[u8]) -> bool) -> Self {
        let lost = events.iter().filter_map(|event| match event {
            Event::Failed(failed) if is_lost(failed) && may_write(&failed.request) => {
                Some((failed.seq, failed.request.clone()))
            }
            _ => None,
        });
        Self { writes: lost.collect() }
    }

    /// Whether a read was lost in front of one of them that may have written the same keys. Asked
    /// again, it would perhaps be answered with what was written behind it.
    pub(in crate::client) fn are_behind(&self, read: &Failed) -> bool {
        let touches = || Touches::of_request(&read.request);
        let is_behind = |(seq, write): &(Sequence, Vec<u8>)| {
            *seq > read.seq && touches().meets(Touches::of_request(write))
        };
        is_lost(read) && self.writes.iter().any(is_behind)
    }
}

fn is_lost(failed: &Failed) -> bool {
    matches!(failed.cause, Cause::Lost(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::BackendId;
    use tidegate_wire::resp::encode::request_of;

    fn lost(seq: Sequence, line: &str) -> Failed {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let (request, backend) = (request_of(&words), BackendId(1));
        let cause = Cause::Lost("reset".to_owned());
        Failed { seq, request, repeatable: true, leased: false, backend, cause }
    }

    #[test]
    fn a_read_in_front_of_a_lost_write_of_its_keys_is_not_asked_again() {
        let events = [
            Event::Failed(lost(5, "GET a")),
            Event::Failed(lost(6, "SET a 1")),
            Event::Failed(lost(7, "GET a")),
            Event::Failed(Failed { cause: Cause::Withdrawn, ..lost(8, "SET b 1") }),
        ];
        let writes =
            LostWrites::among(&events, |request| request.windows(3).any(|it| it == b"SET"));
        assert!(writes.are_behind(&lost(5, "GET a")));
        assert!(writes.are_behind(&lost(4, "MGET x a")));
        assert!(writes.are_behind(&lost(4, "KEYS *")), "any key");
        assert!(!writes.are_behind(&lost(4, "GET b")), "another key, or not lost");
        assert!(!writes.are_behind(&lost(7, "GET a")), "behind the write");
        let unsent = Cause::Unsent { reason: String::new(), reached: true, refusal: None };
        assert!(!writes.are_behind(&Failed { cause: unsent, ..lost(5, "GET b") }));
    }
}
