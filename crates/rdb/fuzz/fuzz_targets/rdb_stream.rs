//! Any elements in a listpack are a node of a stream or an error. A node has as many entries as it
//! says, and they ascend.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_rdb::{Element, ListpackBuilder, StreamId, StreamNode};

fuzz_target!(|input: (u64, u64, Vec<Result<i8, Result<i64, Vec<u8>>>>)| {
    let (ms, seq, elements) = input;
    let elements = elements.iter().map(|element| match element {
        Ok(small) => Element::Int((*small).into()),
        Err(Ok(number)) => Element::Int(*number),
        Err(Err(bytes)) => Element::Bytes(bytes),
    });
    let listpack = elements.collect::<ListpackBuilder>().finish().unwrap();
    let Ok(node) = StreamNode::new(StreamId { ms, seq }, listpack) else { return };
    let entries: Vec<_> = node.entries().collect();
    assert!(entries.is_sorted_by(|a, b| a.id < b.id));
    assert_eq!(entries.iter().filter(|entry| !entry.deleted).count() as u64, node.len());
    for entry in entries {
        assert_eq!(entry.fields().count(), entry.len());
    }
});
