//! What one worker counts between two ticks, without an atomic in sight.

use std::cell::Cell;

use super::Metrics;

/// A number that only goes up until it is taken.
#[derive(Debug, Default)]
pub struct Count(Cell<u64>);

impl Count {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.set(self.0.get().wrapping_add(n));
    }

    /// Adds one.
    pub fn increment(&self) {
        self.add(1);
    }

    /// What was added since it was taken last.
    pub fn take(&self) -> u64 {
        self.0.take()
    }
}

macro_rules! counts {
    ($($(#[$doc:meta])* $field:ident,)*) => {
        /// A worker's counts since the last flush.
        #[derive(Debug, Default)]
        pub struct Counts {
            $($(#[$doc])* pub $field: Count,)*
        }

        impl Counts {
            /// Hands everything to the metrics.
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
    /// Requests answered here.
    local_requests,
    /// Requests sent again, elsewhere.
    retries,
    /// Keys that were read at replicas and touched at the master.
    keys_touched,
    /// Requests past `request-timeout`.
    timeouts,
    /// Writes whose outcome is unknown.
    in_doubt,
    /// Writes refused at the closed gate.
    writes_refused,
    /// Writes held there.
    writes_held,
    /// Held writes that were let through.
    writes_released,
    /// Held writes whose time was up.
    writes_expired,
    /// Writes that `hold-max-clients` left no room for.
    hold_clients_met,
    /// Writes that `hold-max-bytes` left no room for.
    hold_bytes_met,
    /// Reads over connections of their own, and reads asked again, that went to the master because
    /// no replica was fresh.
    reads_fallen_back,
    /// The same, to a replica because the master was out of reach.
    reads_orphaned,
    /// Times that too much waited for a server.
    server_queue_met,
    /// Reads that waited for a fresh replica and got one.
    reads_waited,
    /// Reads that waited in vain.
    reads_expired,
    /// Reads refused because no replica was fresh.
    reads_refused,
    /// Writes answered after the replicas' acknowledgement.
    writes_acknowledged,
    /// Writes answered without the acknowledgement that they waited for.
    writes_unacknowledged,
    /// Times that replicas were asked for it.
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
