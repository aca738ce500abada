//! The metrics of TLS: handshakes, and when certificates end.

use super::exposition::Exposition;
use crate::config::Certificates;
use crate::tls::{COUNTS, Failure, Side};

/// Writes the families, if any port or server uses TLS.
pub(super) fn render(page: &mut Exposition, certificates: &Certificates) {
    if *certificates == Certificates::default() {
        return;
    }
    let help = "TLS handshakes that succeeded, by the side that the proxy faces.";
    let mut handshakes = page.counter("tidegate_tls_handshakes_total", help);
    for side in Side::ALL {
        handshakes.sample(&[("side", side.as_str())], COUNTS.succeeded(side));
    }
    let help = "TLS handshakes that failed, by the side that the proxy faces and by reason.";
    let mut failures = page.counter("tidegate_tls_handshake_failures_total", help);
    for side in Side::ALL {
        for reason in Failure::ALL {
            let labels = [("side", side.as_str()), ("reason", reason.as_str())];
            failures.sample(&labels, COUNTS.failed(side, reason));
        }
    }
    let help = "When a certificate that the proxy shows ends, in seconds since 1970.";
    let mut ends = page.gauge("tidegate_tls_certificate_not_after_timestamp_seconds", help);
    for (key, leaf) in certificates.leaves() {
        ends.sample(&[("key", key)], u64::try_from(leaf.not_after_s).unwrap_or(0));
    }
}
