//! No request allocates on its way through scanner, command table and routing. (Nor does a reply or
//! a command of a replication stream: the tests of `crates/wire` and `crates/replication`.)

#[path = "../benches/way/mod.rs"]
mod way;

use std::time::Duration;

use allocation_counter::measure;
use tidegate::telemetry::{DurationCounts, Kind, RequestCounts};
use way::{REQUESTS, Way};

#[test]
fn a_request_allocates_nothing() {
    let mut way = Way::new();
    for name in REQUESTS {
        let bytes = way::requests(name);
        let mut routes = 0;
        let counted = measure(|| routes = way.requests(&bytes));
        assert_eq!(counted.count_total, 0, "{name}");
        assert_eq!(routes > 0, name != "set_64b" && name != "set_64kib", "{name}: who was asked");
    }
}

#[test]
fn what_is_counted_for_metrics_allocates_nothing() {
    let (requests, durations) = (RequestCounts::default(), DurationCounts::default());
    let counted = measure(|| {
        for (n, kind) in (1..).zip(Kind::ALL) {
            requests.add(kind, n);
            durations.observe(kind.class(), Duration::from_micros(n * 50), n);
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn the_counter_counts() {
    let counted = measure(|| drop(std::hint::black_box(vec![1_u8; 100])));
    assert_eq!(counted.count_total, 1);
}
