//! The requests of one worker to one backend, under way and in all. They are plain cells; the other
//! threads get the numbers at each tick.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::Ticket;
use crate::telemetry::{BackendRequests, Count, DurationCounts, Kind, Metrics, RequestCounts};
use crate::topology::{BackendId, Health};

/// One worker's share of a backend's load, over all connections.
#[derive(Debug)]
pub struct Load {
    in_flight: Cell<u64>,
    requests: RequestCounts,
    pub(super) reconnects: Count,
    /// How long requests to any backend take.
    durations: Rc<DurationCounts>,
}

impl Load {
    pub(super) fn new(durations: Rc<DurationCounts>) -> Rc<Self> {
        let (in_flight, requests, reconnects) = Default::default();
        Rc::new(Self { in_flight, requests, reconnects, durations })
    }

    /// The number of requests under way.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.in_flight.get()
    }

    /// The counts of how long requests take.
    pub(super) fn durations(&self) -> Rc<DurationCounts> {
        Rc::clone(&self.durations)
    }

    /// Counts requests that are sent.
    #[inline]
    pub(super) fn sent(&self, ticket: &Ticket) {
        self.in_flight.set(self.in_flight.get() + u64::from(ticket.left));
        ticket.count(&self.requests);
    }

    /// Counts requests that were answered in place, `took` after they were read.
    pub fn served(&self, kind: Kind, count: u32, took: Duration) {
        self.requests.add(kind, u64::from(count));
        self.durations.observe(kind.class(), took, u64::from(count));
    }

    /// Counts requests that have ended.
    pub(super) fn ended(&self, count: u64) {
        self.in_flight.set(self.in_flight.get().saturating_sub(count));
    }

    /// Counts requests that are to be sent for the second time over their connection.
    pub(super) fn again(&self, count: u64) {
        self.in_flight.set(self.in_flight.get() + count);
    }

    /// Counts a request without a ticket.
    pub(super) fn count_raw(&self) {
        self.requests.add(Kind::Pinned, 1);
    }

    /// Counts a connection that was opened in place of a lost one.
    pub(super) fn reconnected(&self) {
        self.reconnects.increment();
    }
}

/// The numbers that the other threads have of a [`Load`].
#[derive(Debug, Default)]
pub(super) struct Reported {
    health: Option<Arc<Health>>,
    requests: Option<Arc<BackendRequests>>,
    in_flight: i64,
    connections: i64,
}

impl Reported {
    /// Publishes the changes. `health` is the backend's, if it is still in the topology.
    pub(super) fn update(
        &mut self,
        id: BackendId,
        health: Option<&Arc<Health>>,
        (load, connections): (&Load, usize),
        metrics: &Metrics,
    ) {
        load.requests.flush(self.requests.get_or_insert_with(|| metrics.requests.of(id)), metrics);
        if !self.health.as_ref().zip(health).is_some_and(|(old, new)| Arc::ptr_eq(old, new)) {
            self.withdraw();
            self.health = health.cloned();
        }
        let Some(health) = &self.health else { return };
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let (in_flight, connections) = (number(load.in_flight()), number(connections as u64));
        health.load.add(in_flight - self.in_flight, connections - self.connections);
        (self.in_flight, self.connections) = (in_flight, connections);
        health.load.add_reconnects(load.reconnects.take());
    }

    fn withdraw(&mut self) {
        if let Some(health) = self.health.take() {
            health.load.add(-self.in_flight, -self.connections);
            (self.in_flight, self.connections) = (0, 0);
        }
    }
}

impl Drop for Reported {
    fn drop(&mut self) {
        self.withdraw();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Exporter;

    #[test]
    fn the_sum_of_what_is_reported_is_what_is_there() {
        let (metrics, id) = (Exporter::default().metrics(), BackendId(1));
        let (load, health) = (Load::new(Rc::default()), Arc::<Health>::default());
        let (mut one, mut two) = (Reported::default(), Reported::default());
        load.in_flight.set(3);
        one.update(id, Some(&health), (&load, 2), &metrics);
        one.update(id, Some(&health), (&load, 2), &metrics);
        load.reconnected();
        two.update(id, Some(&health), (&load, 1), &metrics);
        assert_eq!((health.load.in_flight(), health.load.connections()), (6, 3));
        load.ended(2);
        one.update(id, Some(&health), (&load, 1), &metrics);
        assert_eq!((health.load.in_flight(), health.load.connections()), (4, 2));
        drop(two);
        assert_eq!((health.load.in_flight(), health.load.connections()), (1, 1));
        assert_eq!(health.load.reconnects(), 1);
        // The server has left, and another one has its name.
        let other = Arc::<Health>::default();
        one.update(id, Some(&other), (&load, 1), &metrics);
        assert_eq!((health.load.in_flight(), health.load.connections()), (0, 0));
        assert_eq!((other.load.in_flight(), other.load.connections()), (1, 1));
        one.update(id, None, (&load, 1), &metrics);
        assert_eq!((other.load.in_flight(), other.load.connections()), (0, 0));
    }
}
