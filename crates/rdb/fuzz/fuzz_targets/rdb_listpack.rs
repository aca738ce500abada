//! Bytes that are accepted as a listpack can be walked from both ends, and built anew with the same
//! elements, byte for byte the same from then on. Building, editing and searching agree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_rdb::{Listpack, ListpackBuf, ListpackBuilder, ListpackRef, Position};

fuzz_target!(|input: (bool, &[u8])| {
    let (uncounted, body) = input;
    let mut bytes = [&(body.len() as u32 + 7).to_le_bytes()[..], &[0, 0], body, &[255]].concat();
    if uncounted {
        bytes[4..6].fill(255);
    } else if let Some(count) = body.first() {
        // The first byte is the count, and the first element too.
        bytes[4] = *count;
    }
    // Wrongly trusted bytes give wrong answers, and nothing panics.
    let trusted = ListpackRef::trusted(&bytes);
    let _ = (trusted.len(), trusted.find(&body[..body.len().min(3)], 1), trusted.get(-2));
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
    let mut edited = ListpackBuf::from(listpack.clone());
    let mut at = Position::FIRST;
    for element in &elements {
        let mut buffer = itoa::Buffer::new();
        let text = element.bytes(&mut buffer);
        let found = listpack.view().find(text, 0).unwrap();
        assert_eq!(listpack.view().at(found).unwrap().bytes(&mut itoa::Buffer::new()), text);
        edited.replace(at, text).unwrap();
        at = edited.view().after(at).unwrap();
    }
    assert_eq!(edited.as_bytes()[6..], built.as_bytes()[6..]);
    let half = elements.len() / 2;
    let middle = edited.view().positions().nth(half).map_or(Position::FIRST, |(at, _)| at);
    assert_eq!(edited.remove(middle, usize::MAX), elements.len() - half);
    assert_eq!(Listpack::try_from(edited).unwrap().len(), half);
    let again = built.iter().collect::<ListpackBuilder>().finish().unwrap();
    assert_eq!(again.as_bytes(), built.as_bytes());
    assert_eq!(Listpack::new(built.into_bytes()).unwrap().len(), elements.len());
});
