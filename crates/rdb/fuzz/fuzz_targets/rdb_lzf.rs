//! Compressed bytes become exactly as many as were promised, or an error, and the former contents
//! of the output stay. Compressed and decompressed bytes are the original ones.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_rdb::lzf;

fuzz_target!(|input: (u32, &[u8])| {
    let (len, bytes) = input;
    let mut out = b"before".to_vec();
    let promised = len as usize;
    let read = lzf::decompress(bytes, promised, &mut out);
    assert!(out.starts_with(b"before") && out.capacity() <= 64 + 2 * 88 * bytes.len());
    assert!(out.len() - 6 <= promised && (read.is_err() || out.len() - 6 == promised));
    if let Some(compressed) = lzf::compress(bytes) {
        assert!(compressed.len() + 4 <= bytes.len());
        let mut again = Vec::new();
        lzf::decompress(&compressed, bytes.len(), &mut again).unwrap();
        assert_eq!(again, bytes);
    }
});
