//! Any bytes between a header and an end are items or an error, however they arrive. As a DUMP
//! payload they are a value or an error; a value can be written in every form that has a place for
//! it, and is read again.
#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use tidegate_rdb::{Form, Item, Limits, Reader, WriteError, dump};

const MAGICS: [&[u8]; 6] =
    [b"REDIS0006", b"REDIS0009", b"REDIS0011", b"REDIS0014", b"VALKEY080", b""];

struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let len = self.1.min(self.0.len()).min(into.len());
        let (now, later) = self.0.split_at(len);
        into[..len].copy_from_slice(now);
        self.0 = later;
        Ok(len)
    }
}

fn read(source: impl Read) -> (Vec<Item>, Option<String>) {
    let limits = Limits { string: 1 << 20, value: 8 << 20 };
    let mut reader = Reader::new(source, limits);
    let mut items = Vec::new();
    loop {
        match reader.next_item() {
            Ok(Some(item)) => items.push(item),
            Ok(None) => return (items, None),
            Err(error) => return (items, Some(error.to_string())),
        }
    }
}

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (magic, size, bytes) = input;
    let magic = MAGICS[usize::from(magic) % MAGICS.len()];
    let file = [magic, bytes, &[255, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
    let (items, error) = read(&file[..]);
    let pieces = read(Pieces(&file, usize::from(size).max(1)));
    // NaN is refused, so items equal themselves.
    assert_eq!((&items, &error), (&pieces.0, &pieces.1));
    assert_eq!(error.is_none(), matches!(items.last(), Some(Item::End(_))));

    let version = if magic.starts_with(b"VALKEY") { 80 } else { 14 };
    let payload = [bytes, &[version, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
    if let Ok(dumped) = dump::decode(&payload, Limits::default()) {
        assert_eq!(dumped.value.is_empty(), dumped.value.len() == 0);
        for version in [9, 10, 11, 12, 13, 14, 80] {
            let form = Form::for_version(version);
            match dump::encode(form, true, |to| to.value(&dumped.value)) {
                Ok(payload) => {
                    let again = dump::decode(&payload, Limits::default()).unwrap();
                    assert_eq!(again.value.len(), dumped.value.len());
                    assert_eq!(again.value.kind(), dumped.value.kind());
                }
                Err(error) => assert!(matches!(error, WriteError::NotInForm { .. }), "{error}"),
            }
        }
    }
});
