//! Keys, and the one value each of them may have.
//!
//! A value is a function of its key and the size alone, so every GET can be checked without
//! remembering anything, whichever client wrote last and whichever replica answered. A reply that belongs
//! to another request has another mark in its first 16 bytes.

/// Keys by number, with values of one size.
#[derive(Debug)]
pub(crate) struct Keyspace {
    size: usize,
    /// A whole GET, and a SET up to its value; both end in a key's digits.
    get: Vec<u8>,
    set: Vec<u8>,
    /// From the key's digits to the value.
    value_head: Vec<u8>,
    /// What follows the mark in every value.
    filler: Vec<u8>,
}

const MARK: usize = 16;
const DIGITS: usize = 10;

impl Keyspace {
    pub(crate) fn new(size: usize) -> Self {
        let mut rng = fastrand::Rng::with_seed(0x7469_6465);
        let filler = (0..size.saturating_sub(MARK)).map(|_| rng.u8(b'a'..=b'z')).collect();
        // The size is part of the key, so that loads of several sizes share a server.
        let prefix = format!("load:{size}:");
        let key = format!("${}\r\n{prefix}", prefix.len() + DIGITS);
        Self {
            size,
            get: format!("*2\r\n$3\r\nGET\r\n{key}").into_bytes(),
            set: format!("*3\r\n$3\r\nSET\r\n{key}").into_bytes(),
            value_head: format!("\r\n${size}\r\n").into_bytes(),
            filler,
        }
    }

    pub(crate) fn value_size(&self) -> usize {
        self.size
    }

    /// Appends `GET key`.
    pub(crate) fn get(&self, key: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.get);
        out.extend_from_slice(&digits(key));
        out.extend_from_slice(b"\r\n");
    }

    /// Appends `SET key value`.
    pub(crate) fn set(&self, key: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.set);
        out.extend_from_slice(&digits(key));
        out.extend_from_slice(&self.value_head);
        out.extend_from_slice(&self.mark(key)[..self.size.min(MARK)]);
        out.extend_from_slice(&self.filler);
        out.extend_from_slice(b"\r\n");
    }

    /// Whether `bytes` are what the key's value has from `at` on.
    pub(crate) fn holds(&self, key: u32, at: usize, bytes: &[u8]) -> bool {
        let Some(end) = at.checked_add(bytes.len()).filter(|&end| end <= self.size) else {
            return false;
        };
        let marked = end.min(MARK).saturating_sub(at);
        let (head, tail) = bytes.split_at(marked);
        let from = at.max(MARK) - MARK;
        (marked == 0 || self.mark(key)[at..at + marked] == *head)
            && (tail.is_empty() || self.filler[from..from + tail.len()] == *tail)
    }

    fn mark(&self, key: u32) -> [u8; MARK] {
        // The finalizer of splitmix64 is a bijection: no two keys share a mark.
        let mut mixed = u64::from(key) ^ (self.size as u64).rotate_left(32);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let mut mark = [0; MARK];
        for (byte, shift) in mark.iter_mut().zip((0..64).step_by(4)) {
            *byte = b"0123456789abcdef"[(mixed >> shift & 15) as usize];
        }
        mark
    }
}

fn digits(mut key: u32) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789"[(key % 10) as usize];
        key /= 10;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(space: &Keyspace, key: u32) -> Vec<u8> {
        let mut request = Vec::new();
        space.set(key, &mut request);
        let end = request.len() - 2;
        request[end - space.value_size()..end].to_vec()
    }

    #[test]
    fn a_value_holds_for_its_key_only_however_it_is_cut() {
        for size in [0, 1, 15, 16, 17, 64, 5000] {
            let space = Keyspace::new(size);
            let value = value(&space, 7);
            assert_eq!(value.len(), size);
            for cut in (0..=size).step_by(size.div_ceil(40).max(1)) {
                let (head, tail) = value.split_at(cut);
                assert!(space.holds(7, 0, head) && space.holds(7, cut, tail), "{size} {cut}");
            }
            assert!(!space.holds(7, 1, &value) || size == 0);
            assert!(size < 2 || !space.holds(8, 0, &value));
        }
    }

    #[test]
    fn requests_are_what_a_server_reads() {
        let mut out = Vec::new();
        let space = Keyspace::new(3);
        space.get(1, &mut out);
        assert_eq!(out, b"*2\r\n$3\r\nGET\r\n$17\r\nload:3:0000000001\r\n");
        out.clear();
        space.set(1, &mut out);
        assert_eq!(
            out.len(),
            b"*3\r\n$3\r\nSET\r\n$17\r\nload:3:0000000001\r\n$3\r\nabc\r\n".len()
        );
    }
}
