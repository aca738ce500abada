//! What is taken for a listpack can be walked from both ends, and built anew with the same
//! elements, byte for byte the same from then on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate::rdb::{Listpack, ListpackBuilder};

fuzz_target!(|input: (bool, &[u8])| {
    let (uncounted, body) = input;
    let mut bytes = [&(body.len() as u32 + 7).to_le_bytes()[..], &[0, 0], body, &[255]].concat();
    if uncounted {
        bytes[4..6].fill(255);
    } else if let Some(count) = body.first() {
        // The first byte tells the count, and is the first element too.
        bytes[4] = *count;
    }
    let Ok(listpack) = Listpack::new(bytes) else { return };
    let elements: Vec<_> = listpack.iter().collect();
    assert_eq!(elements.len(), listpack.len());
    assert!(listpack.iter().rev().eq(elements.iter().rev().copied()));
    let built = elements.iter().copied().collect::<ListpackBuilder>().finish().unwrap();
    for (built, element) in built.iter().zip(&elements) {
        let mut buffers = [itoa::Buffer::new(), itoa::Buffer::new()];
        let [a, b] = &mut buffers;
        assert_eq!(built.bytes(a), element.bytes(b));
    }
    let again = built.iter().collect::<ListpackBuilder>().finish().unwrap();
    assert_eq!(again.as_bytes(), built.as_bytes());
    assert_eq!(Listpack::new(built.into_bytes()).unwrap().len(), elements.len());
});
