//! Compares the inside of values with the server's, and makes random choices.

use super::*;

/// Checks that `OBJECT ENCODING`, `DEBUG DIGEST-VALUE` and `DUMP` are the same for both.
#[track_caller]
pub fn same_inside(twin: &mut Twin, key: &[u8]) {
    let dump = bulk(&twin.theirs(&[&b"DUMP"[..], key]));
    let version = match dump.as_deref() {
        Some([.., low, high, _, _, _, _, _, _, _, _]) => u16::from_le_bytes([*low, *high]),
        _ => 0,
    };
    let ours = twin.store.peek(0, key, version, 0);
    let context = format!("{:?} {}", twin.flavor(), key.escape_ascii());
    assert_eq!(dump.is_some(), ours.is_some(), "{context}");
    let (Some(dump), Some(ours)) = (dump, ours) else { return };
    let encoding = bulk(&twin.theirs(&[&b"OBJECT"[..], b"ENCODING", key])).unwrap();
    let encoding = String::from_utf8(encoding).unwrap();
    if encoding != ours.encoding {
        let value = bulk(&twin.theirs(&[b"GET", key])).unwrap();
        panic!("{context}: {encoding}, {}: {}", ours.encoding, value.escape_ascii());
    }
    let digest = String::from_utf8(twin.theirs(&[&b"DEBUG"[..], b"DIGEST-VALUE", key])).unwrap();
    assert!(digest.contains(&ours.digest), "{context}: {digest} {}", ours.digest);
    assert_eq!(ours.dump.escape_ascii().to_string(), dump.escape_ascii().to_string(), "{context}");
}

/// Returns the bytes of a bulk string; `None` for null.
fn bulk(reply: &[u8]) -> Option<Vec<u8>> {
    let head = reply.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    (reply[0] == b'$' && reply[1] != b'-').then(|| reply[head..reply.len() - 2].to_vec())
}

/// Random choices that can be repeated: the seed is printed.
#[derive(Debug)]
pub struct Chooser(pub fastrand::Rng);

impl Chooser {
    pub fn new(name: &str) -> Self {
        let seed = seed();
        eprintln!("{name}: TIDEGATE_SEED={seed}");
        Self(fastrand::Rng::with_seed(seed))
    }

    pub fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.0.usize(..words.len())]
    }

    pub fn key(&mut self) -> String {
        // The lengths decide about embedding.
        self.of(&["a", "bb", "key:3", "a-key-of-thirty-three-characters:", "e"]).to_owned()
    }

    pub fn chance(&mut self, of: usize) -> bool {
        self.0.usize(..of) == 0
    }
}
