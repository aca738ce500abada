//! The order of what a client has in flight: a read goes where the write before it went, and a
//! write waits for the reads before it, where they may touch the same key.

use crate::client::client::Client;
use crate::client::reading::batch::Batch;
use crate::config::ReadFrom;
use crate::routing::Target;
use crate::session::Touches;
use crate::session::order::Marks;
use crate::session::replies::Sequence;
use tidegate_wire::command::lookup;
use tidegate_wire::resp::{RequestScanner, RequestStep};

impl Client {
    /// More requests are about to be received, behind `rest` bytes of earlier ones. `is_next`: the
    /// client may have read replies since it sent the last ones.
    pub(in crate::client) fn about_to_receive(&mut self, rest: usize, is_next: bool) {
        let replies = self.inbox.replies();
        let given = (is_next && replies.ready_bytes() == 0).then(|| replies.unanswered());
        if replies.is_settled() {
            self.order.settled();
        }
        self.order.about_to_receive(rest, given);
    }

    /// Which way a read goes that would go to `side`: to the master, if a write before it may have
    /// touched the same and the client may not have read the reply to that.
    #[inline]
    pub(in crate::client) fn read_way<'a>(
        &mut self,
        batch: &Batch<'_>,
        target: Target,
        touches: impl FnOnce() -> Touches<'a>,
    ) -> Target {
        let is_behind = batch.carries_writes() || self.order.is_behind(self.inbox.written());
        if !is_behind && !self.order.records() || self.reads_from() == ReadFrom::Master {
            return target;
        }
        let (seq, marks) = (self.next_number(batch), self.marks(batch));
        if self.order.follows(seq, touches(), marks) { Target::Master } else { target }
    }

    /// Whether a write may leave now: it overtakes no read of what it touches.
    #[inline]
    pub(in crate::client) fn write_passes<'a>(
        &mut self,
        batch: &mut Batch<'_>,
        touches: impl FnOnce() -> Touches<'a>,
    ) -> bool {
        let elsewhere = self.inbox.elsewhere();
        let is_plain = !batch.carries_reads_elsewhere() && !self.order.records();
        if is_plain && (elsewhere == 0 || elsewhere <= self.inbox.replies().unanswered()) {
            return true;
        }
        self.write_passes_reads(batch, touches())
    }

    fn write_passes_reads(&mut self, batch: &mut Batch<'_>, touches: Touches<'_>) -> bool {
        if batch.carries_reads_elsewhere() {
            if !self.order.records() {
                self.order.record(self.marks(batch));
                let first = self.inbox.replies().next();
                (first..).zip(requests(batch.run())).for_each(|(seq, touches)| {
                    self.order.add_read(seq, touches);
                });
            }
            batch.flush(&self.inbox);
        }
        let (seq, marks) = (self.next_number(batch), self.marks(batch));
        let passes = self.order.passes(seq, touches, marks);
        if !passes {
            batch.flush(&self.inbox);
        }
        passes
    }

    /// As [`Self::write_passes`] of what may change anything and does not count as a write.
    pub(in crate::client) fn change_passes(&mut self, batch: &mut Batch<'_>) -> bool {
        batch.flush(&self.inbox);
        let passes = self.write_passes(batch, || Touches::Any);
        if passes {
            self.inbox.wrote(self.next_number(batch) + 1);
        }
        passes
    }

    /// Request `seq`, which may write any key, left over a connection of the client's own.
    pub(in crate::client) fn wrote_anything(&mut self, seq: Sequence) {
        self.inbox.wrote(seq + 1);
        self.order.add_write(seq, Touches::Any);
    }

    /// Request `seq`, which may read any key, left for another server than the master.
    pub(in crate::client) fn read_elsewhere(&mut self, seq: Sequence) {
        self.inbox.read_elsewhere(seq + 1);
        self.order.add_read(seq, Touches::Any);
    }

    /// Whether a read of these words would go the way of the writes before it.
    pub(in crate::client) fn would_follow(&self, args: &[&[u8]]) -> bool {
        let frame = tidegate_wire::resp::encode::request_of(args);
        let name = args.first().copied().unwrap_or_default();
        let touches = touches(&frame, name, args.get(1).copied());
        self.reads_from() != ReadFrom::Master
            && self.order.would_follow(touches, self.inbox.written())
    }

    /// Where this session's reads go.
    pub(in crate::client) fn reads_from(&self) -> ReadFrom {
        self.session.reads.unwrap_or(self.config.reads.from)
    }

    /// The number that the next request gets.
    fn next_number(&self, batch: &Batch<'_>) -> Sequence {
        self.inbox.replies().next() + u64::from(batch.run_count())
    }

    /// Requests are read on although the client takes no replies: writes are known by their keys
    /// from now on, or all reads behind one would follow it.
    pub(in crate::client) fn record_order(&mut self) {
        if !self.order.records() {
            let (written, elsewhere) = (self.inbox.written(), self.inbox.elsewhere());
            let unanswered = self.inbox.replies().unanswered();
            self.order.record(Marks { written, elsewhere, unanswered });
        }
    }

    fn marks(&self, batch: &Batch<'_>) -> Marks {
        let written = self.inbox.written();
        Marks {
            written: if batch.carries_writes() { self.next_number(batch) } else { written },
            elsewhere: self.inbox.elsewhere(),
            unanswered: self.inbox.replies().unanswered(),
        }
    }
}

/// What a request touches.
pub(in crate::client) fn touches<'a>(
    frame: &'a [u8],
    name: &[u8],
    second: Option<&'a [u8]>,
) -> Touches<'a> {
    let row = lookup(name);
    let row = row.map(|row| second.and_then(|name| row.subcommand(name)).unwrap_or(row));
    Touches::of(row, frame, second)
}

/// What each of these requests touches.
fn requests(mut rest: &[u8]) -> impl Iterator<Item = Touches<'_>> {
    let limits = tidegate_wire::resp::Limits { bulk_max: i64::MAX / 2, authenticated: true };
    std::iter::from_fn(move || {
        let Ok(RequestStep::Complete(scanned)) = RequestScanner::default().scan(rest, &limits)
        else {
            return None;
        };
        let (frame, behind) = rest.split_at(scanned.len);
        rest = behind;
        let second = (scanned.argc > 1).then(|| scanned.second.of(frame));
        Some(touches(frame, scanned.name.of(frame), second))
    })
}
