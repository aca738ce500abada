//! How a command replies: in RESP2 or RESP3, as the server of a [`Dialect`] would.

use super::budget::{Budget, STEP_BYTES};
use crate::dialect::Dialect;
use crate::number;
use tidegate_rdb::Element;
use tidegate_wire::resp::{RespVersion, encode};

/// The reply that a command writes.
#[derive(Debug)]
pub(crate) struct Reply<'a> {
    out: &'a mut Vec<u8>,
    version: RespVersion,
    dialect: Dialect,
    /// The length of the buffer that must not be exceeded.
    end: usize,
    budget: Option<&'a Budget>,
    /// Whether something was left out.
    is_cut: bool,
}

/// The limits of a reply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits<'a> {
    /// The number of bytes.
    pub(crate) max: usize,
    /// The budget that pays for the elements.
    pub(crate) budget: Option<&'a Budget>,
}

impl Default for Limits<'_> {
    fn default() -> Self {
        Self { max: usize::MAX, budget: None }
    }
}

impl<'a> Reply<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>, version: RespVersion, dialect: Dialect) -> Self {
        Self { out, version, dialect, end: usize::MAX, budget: None, is_cut: false }
    }

    /// Returns the reply with limits: a short request can name the same long value thousands of
    /// times.
    pub(crate) fn within(self, limits: Limits<'a>) -> Self {
        let end = self.out.len().saturating_add(limits.max);
        Self { end, budget: limits.budget, ..self }
    }

    /// Whether the reply exceeds its limits. Then a part of it is missing.
    pub(crate) fn is_over(&self) -> bool {
        self.is_cut || self.out.len() > self.end
    }

    /// Whether there is room for `bytes` more, as one element. Takes their cost from the budget.
    #[inline]
    fn has_room(&mut self, bytes: usize) -> bool {
        let fits = self.out.len().saturating_add(bytes) <= self.end;
        let steps = 1 + (bytes / STEP_BYTES) as u64;
        let is_paid = || self.budget.is_none_or(|budget| budget.spend(steps));
        self.is_cut = self.is_cut || !fits || !is_paid();
        !self.is_cut
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(crate) fn is_resp3(&self) -> bool {
        self.version == RespVersion::V3
    }

    pub(crate) fn ok(&mut self) {
        self.out.extend_from_slice(b"+OK\r\n");
    }

    pub(crate) fn status(&mut self, text: &str) {
        encode::status(self.out, text);
    }

    pub(crate) fn int(&mut self, value: i64) {
        encode::integer(self.out, value);
    }

    /// Writes a number of things.
    pub(crate) fn count(&mut self, value: usize) {
        encode::integer(self.out, i64::try_from(value).unwrap_or(i64::MAX));
    }

    pub(crate) fn bulk(&mut self, bytes: &[u8]) {
        if self.has_room(bytes.len()) {
            encode::bulk(self.out, bytes);
        }
    }

    /// Writes an integer as a bulk string.
    pub(crate) fn bulk_int(&mut self, value: i64) {
        self.bulk(itoa::Buffer::new().format(value).as_bytes());
    }

    /// Writes a double; to RESP2 a bulk string.
    pub(crate) fn double(&mut self, value: f64) {
        let text = number::text(value, self.dialect);
        if self.is_resp3() {
            self.out.push(b',');
            self.out.extend_from_slice(text.as_bytes());
            self.out.extend_from_slice(b"\r\n");
        } else {
            encode::bulk(self.out, text.as_bytes());
        }
    }

    /// Writes an element of a packed value, as a bulk string.
    pub(crate) fn element(&mut self, element: Element<'_>) {
        match element {
            Element::Bytes(bytes) => self.bulk(bytes),
            Element::Int(number) => self.bulk_int(number),
        }
    }

    /// Writes a double with 17 decimals, without zeros behind them; to RESP2 a bulk string
    /// (`addReplyHumanLongDouble`).
    pub(crate) fn human_double(&mut self, value: f64) {
        let text = format!("{value:.17}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        if self.is_resp3() {
            self.out.push(b',');
            self.out.extend_from_slice(text.as_bytes());
            self.out.extend_from_slice(b"\r\n");
        } else {
            encode::bulk(self.out, text.as_bytes());
        }
    }

    pub(crate) fn null(&mut self) {
        encode::null(self.out, self.version);
    }

    pub(crate) fn null_array(&mut self) {
        encode::null_array(self.out, self.version);
    }

    pub(crate) fn array(&mut self, len: usize) {
        if !self.is_over() {
            encode::array(self.out, len);
        }
    }

    /// Returns where an aggregate of unknown length starts. Its elements are written before its
    /// head.
    pub(crate) fn mark(&self) -> usize {
        self.out.len()
    }

    /// Writes the head of an array that started at `mark`.
    pub(crate) fn array_at(&mut self, mark: usize, len: usize) {
        self.before(mark, |reply| reply.array(len));
    }

    /// Writes the head of a map that started at `mark`.
    pub(crate) fn map_at(&mut self, mark: usize, pairs: usize) {
        self.before(mark, |reply| reply.map(pairs));
    }

    /// Writes something before everything that was written from `mark` on.
    pub(crate) fn before(&mut self, mark: usize, write: impl FnOnce(&mut Self)) {
        let end = self.out.len();
        write(self);
        let head = self.out.len() - end;
        if let Some(written) = self.out.get_mut(mark..) {
            written.rotate_right(head);
        }
    }

    /// Writes the head of a map; to RESP2 that of an array of twice as many.
    pub(crate) fn map(&mut self, pairs: usize) {
        if !self.is_over() {
            encode::map(self.out, self.version, pairs);
        }
    }

    /// Writes the head of a set; to RESP2 that of an array.
    pub(crate) fn set(&mut self, len: usize) {
        encode::set(self.out, self.version, len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_no_more_when_it_is_too_long() {
        let mut out = b"before".to_vec();
        let limits = Limits { max: 1000, budget: None };
        let mut reply = Reply::new(&mut out, RespVersion::V3, Dialect::default()).within(limits);
        reply.array(1_000_000);
        for _ in 0..1_000_000 {
            reply.array(2);
            reply.bulk(&[b'x'; 100]);
            reply.element(Element::Int(1));
            reply.map(1);
        }
        let mark = reply.mark();
        reply.array_at(mark, 3);
        assert!(reply.is_over());
        assert!((900..1020).contains(&out.len()), "{}", out.len());
    }

    #[test]
    fn a_value_that_is_too_long_is_not_copied() {
        let budget = Budget::new(1000, usize::MAX);
        for limits in
            [Limits { max: 1000, budget: None }, Limits { max: usize::MAX, budget: Some(&budget) }]
        {
            let mut out = Vec::new();
            let mut reply = Reply::new(&mut out, RespVersion::V2, Dialect::default());
            reply = reply.within(limits);
            reply.bulk(&vec![b'x'; 1 << 20]);
            assert!(reply.is_over());
            assert!(out.is_empty());
        }
    }
}
