//! Words can be quoted and split again; a line yields no more than its own bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_wire::resp::inline;

fuzz_target!(|line: &[u8]| {
    let Ok(words) = inline::split(line, inline::Quotes::EndWords) else { return };
    assert!(words.iter().map(Vec::len).sum::<usize>() <= line.len());
    let mut quoted = Vec::new();
    for word in &words {
        quoted.push(b'"');
        for byte in word {
            quoted.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
        quoted.extend_from_slice(b"\" ");
    }
    assert_eq!(inline::split(&quoted, inline::Quotes::EndWords), Ok(words));
});
