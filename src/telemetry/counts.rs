//! The counters of one worker between two ticks: plain cells, no atomics.

use std::cell::Cell;

use super::Metrics;

/// A counter that [`Count::take`] sets to 0.
#[derive(Debug, Default)]
pub struct Count(Cell<u64>);

impl Count {
    /// Adds `n` to the count.
    pub fn add(&self, n: u64) {
        self.0.set(self.0.get().wrapping_add(n));
    }

    /// Adds one to the count.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Returns the count and sets it to 0.
    pub fn take(&self) -> u64 {
        self.0.take()
    }
}

macro_rules! counts {
    ($($(#[$doc:meta])* $field:ident,)*) => {
        /// The counters of a worker since the last flush.
        #[derive(Debug, Default)]
        pub struct Counts {
            $($(#[$doc])* pub $field: Count,)*
        }

        impl Counts {
            /// Adds all counts to the metrics and sets them to 0.
            pub fn flush(&self, metrics: &Metrics) {
                $(
                    let n = self.$field.take();
                    if n > 0 {
                        metrics.$field.increment(n);
                    }
                )*
            }
        }
    };
}

counts! {
    /// Requests that the proxy answered itself.
    local_requests,
    /// Requests sent again to another server.
    retries,
    /// Keys that clients read at replicas and the proxy touched at the master.
    keys_touched,
    /// Requests without an answer within `request-timeout`.
    timeouts,
    /// Writes whose outcome is unknown.
    in_doubt,
    /// Writes refused because the write gate was closed.
    writes_refused,
    /// Writes held at the closed write gate.
    writes_held,
    /// Held writes that were sent when the gate opened.
    writes_released,
    /// Held writes refused at the end of `hold-timeout`.
    writes_expired,
    /// Requests held because their master was being replaced or out of reach.
    failover_held,
    /// The same that were sent when a master could be asked again.
    failover_released,
    /// The same that were refused at the end of `failover-hold`.
    failover_expired,
    /// Requests refused because no master could be asked.
    failover_refused,
    /// Writes refused because of `hold-max-clients`.
    hold_clients_met,
    /// Writes refused because of `hold-max-bytes`.
    hold_bytes_met,
    /// Reads over dedicated connections, and retried reads, that went to the master because no
    /// replica was fresh.
    reads_fallen_back,
    /// The same, to a replica because the master could not be reached.
    reads_orphaned,
    /// Requests that met a full queue of a server.
    server_queue_met,
    /// Reads that waited for a fresh replica and were sent to one.
    reads_waited,
    /// Reads that waited for a fresh replica until `wait-timeout`.
    reads_expired,
    /// Reads refused because no replica was fresh.
    reads_refused,
    /// Reads that went to the master because no replica is known to have what they must include.
    reads_raised,
    /// Reads that were asked again because their replica lacked what they must include.
    reads_behind,
    /// Reads that waited for their replica to have what they must include.
    reads_late,
    /// Questions to masters for their offset, behind requests.
    questions_to_master,
    /// Questions to replicas for their offset, in front of reads.
    questions_to_replica,
    /// Writes that found the place of their key in use by another key.
    table_collisions,
    /// Writes answered after `wait-replicas` replicas had acknowledged them.
    writes_acknowledged,
    /// Writes that `wait-replicas` replicas did not acknowledge in time.
    writes_unacknowledged,
    /// WAIT commands sent for `wait-replicas`.
    wait_checks,
    /// Clients closed for a protocol error.
    protocol_errors,
    /// Clients closed at `client-output-buffer-limit`.
    output_limit_kills,
    /// Clients closed at `query-buffer-limit`.
    query_limit_kills,
    /// Clients refused at `max-clients`.
    rejected_clients,
    /// Clients accepted.
    accepted_clients,
    /// Bytes from clients.
    bytes_in,
    /// Bytes to clients.
    bytes_out,
}
