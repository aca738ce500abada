//! No request, no reply and no command of a replication stream allocates on its way through scanner,
//! command table and routing.

#[path = "../benches/way/mod.rs"]
mod way;

use std::time::Duration;

use allocation_counter::measure;
use tidegate::telemetry::{DurationCounts, Kind, RequestCounts};
use way::stream::{STREAMS, StreamWay, stream};
use way::{REPLIES, REQUESTS, Way};

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
fn a_reply_allocates_nothing() {
    for name in REPLIES {
        let bytes = way::reply(name);
        let mut count = 0;
        let counted = measure(|| count = way::replies(&bytes));
        assert_eq!(counted.count_total, 0, "{name}");
        assert_eq!(count, if name == "pipeline_16" { 16 } else { 1 }, "{name}");
    }
}

/// Once a reader has memory for as many arguments as a command has.
#[test]
fn a_replicated_command_allocates_nothing() {
    for name in STREAMS {
        let (mut way, bytes) = (StreamWay::new(), stream(name));
        assert_eq!(way.walk(&bytes).0, 1000, "{name}");
        let mut commands = 0;
        let counted = measure(|| commands = way.walk(&bytes).0);
        assert_eq!((counted.count_total, commands), (0, 1000), "{name}");
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
