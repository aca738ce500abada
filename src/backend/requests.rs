//! The single requests of a run.

use tidegate_wire::resp::{Limits, RequestScanner, RequestStep};

/// The `n`th request of a run, from 0; empty if there are fewer.
pub(super) fn nth_request(requests: &[u8], n: u32) -> &[u8] {
    let mut requests = Requests::new(requests);
    for _ in 0..n {
        requests.next();
    }
    requests.next().unwrap_or_default()
}

/// The requests of a run, one after the other.
#[derive(Debug)]
pub(super) struct Requests<'a> {
    rest: &'a [u8],
}

impl<'a> Requests<'a> {
    /// The requests in `rest`.
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }
}

impl<'a> Iterator for Requests<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let limits = Limits { bulk_max: i64::MAX / 2, authenticated: true };
        let Ok(RequestStep::Complete(request)) = RequestScanner::default().scan(self.rest, &limits)
        else {
            return None;
        };
        let (request, rest) = self.rest.split_at(request.len);
        self.rest = rest;
        Some(request)
    }
}
