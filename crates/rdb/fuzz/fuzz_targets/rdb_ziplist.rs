//! Any bytes are a ziplist, a zipmap, or neither; both become a listpack.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_rdb::{Listpack, ziplist, zipmap};

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (count, last, body) = input;
    let len = (body.len() as u32 + 11).to_le_bytes();
    let last = u32::from(last).to_le_bytes();
    let ziplist = [&len[..], &last, &[count, 0], body, &[255]].concat();
    let zipmap = [&[count][..], body, &[255]].concat();
    for listpack in [ziplist::to_listpack(&ziplist), zipmap::to_listpack(&zipmap)] {
        if let Ok(listpack) = listpack {
            let len = listpack.len();
            assert_eq!(Listpack::new(listpack.into_bytes()).unwrap().len(), len);
        }
    }
});
