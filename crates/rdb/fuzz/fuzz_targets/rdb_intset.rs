//! Bytes that are accepted as an intset have as many integers as they say, and these ascend.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_rdb::Intset;

fuzz_target!(|input: (u8, bool, &[u8])| {
    let (width, raw, body) = input;
    let width = u32::from(width % 10);
    let count = (body.len() as u32).checked_div(width).unwrap_or_default();
    let head = [width.to_le_bytes(), count.to_le_bytes()].concat();
    let bytes = if raw { body.to_vec() } else { [&head[..], body].concat() };
    if let Ok(set) = Intset::new(bytes) {
        let integers: Vec<_> = set.view().iter().collect();
        assert_eq!(integers.len(), set.view().len());
        assert!(integers.is_sorted_by(|a, b| a < b));
    }
});
