//! A command of a replication stream allocates nothing.

#[path = "../benches/stream/way.rs"]
mod way;

use allocation_counter::measure;
use way::{STREAMS, StreamWay, stream};

/// Once a reader has memory for as many arguments as a command has, it allocates nothing.
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
fn the_counter_counts() {
    let counted = measure(|| drop(std::hint::black_box(vec![1_u8; 100])));
    assert_eq!(counted.count_total, 1);
}
