//! Subscriptions that the server has not confirmed.

use crate::session::replies::Sequence;
use tidegate_wire::command::Subscription;

/// Subscriptions that the server has not confirmed.
#[derive(Debug, Default)]
pub(in crate::client) struct Subscribing {
    requests: Vec<SubscribeRequest>,
}

/// A SUBSCRIBE or its like that is in flight.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client) struct SubscribeRequest {
    pub(in crate::client) seq: Sequence,
    pub(in crate::client) kind: Subscription,
    /// The names that the session had not subscribed to before.
    pub(in crate::client) new: Vec<Box<[u8]>>,
}

impl Subscribing {
    /// A request left that subscribes to new names.
    pub(in crate::client) fn begin(&mut self, request: SubscribeRequest) {
        if !request.new.is_empty() {
            self.requests.push(request);
        }
    }

    /// The server refused request `seq`: takes it.
    pub(in crate::client) fn refused(&mut self, seq: Sequence) -> Option<SubscribeRequest> {
        let at = self.requests.iter().position(|request| request.seq == seq)?;
        Some(self.requests.swap_remove(at))
    }

    /// The server has answered all requests, or the connection is gone.
    pub(in crate::client) fn clear(&mut self) {
        self.requests.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(seq: Sequence, new: &[&[u8]]) -> SubscribeRequest {
        let new = new.iter().map(|name| Box::from(*name)).collect();
        SubscribeRequest { seq, kind: Subscription::Channel, new }
    }

    #[test]
    fn a_refused_request_names_what_it_would_have_added() {
        let mut subscribing = Subscribing::default();
        subscribing.begin(request(1, &[b"a", b"b"]));
        subscribing.begin(request(2, &[]));
        subscribing.begin(request(3, &[b"c"]));
        assert_eq!(subscribing.refused(2), None, "it adds none");
        assert_eq!(subscribing.refused(1), Some(request(1, &[b"a", b"b"])));
        assert_eq!(subscribing.refused(1), None);
        subscribing.clear();
        assert_eq!(subscribing.refused(3), None);
    }
}
