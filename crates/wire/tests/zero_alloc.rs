//! Finding where a reply ends allocates nothing.

#[path = "../benches/replies/way.rs"]
mod way;

use allocation_counter::measure;
use way::REPLIES;

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

#[test]
fn the_counter_counts() {
    let counted = measure(|| drop(std::hint::black_box(vec![1_u8; 100])));
    assert_eq!(counted.count_total, 1);
}
