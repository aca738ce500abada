//! HyperLogLogs that Redis 6.2 itself has broken: sparse ones that end before their last register,
//! or go on behind it. PFADD of several elements to one is refused in their midst, and those before
//! stay in it, though no replica hears of them.

use crate::support::{Reply, Wire};

/// What stands before the registers, and how a sparse one begins.
const HEAD: usize = 16;
const SPARSE: &[u8] = b"HYLL\x01";
const REGISTERS: usize = 1 << 14;

/// Whether it is such a one.
fn is_broken(value: &[u8]) -> bool {
    value.starts_with(SPARSE) && value.get(HEAD..).is_some_and(|runs| registers(runs) != REGISTERS)
}

/// How many registers the runs of a sparse one have.
fn registers(mut runs: &[u8]) -> usize {
    let mut all = 0;
    while let [first, rest @ ..] = runs {
        let first_bits = usize::from(first & 0x3f);
        (all, runs) = match (first >> 6, rest) {
            (0, _) => (all + first_bits + 1, rest),
            (1, [second, rest @ ..]) => (all + (first_bits << 8 | usize::from(*second)) + 1, rest),
            (1, []) => return all,
            _ => (all + usize::from(first & 3) + 1, rest),
        };
    }
    all
}

/// Deletes those keys that differ and are such at the master; how many.
pub fn remove(master: &mut Wire, replica: &mut Wire, databases: &[u32], keys: &[Vec<u8>]) -> usize {
    let mut removed = 0;
    for database in databases {
        for wire in [&mut *master, &mut *replica] {
            wire.cmd(&["SELECT", &database.to_string()]).ok();
        }
        for key in keys {
            let digest = [&b"DEBUG"[..], b"DIGEST-VALUE", key];
            let Reply::Bulk(value) = master.cmd(&[&b"GET"[..], key]) else { continue };
            if is_broken(&value) && master.cmd(&digest) != replica.cmd(&digest) {
                master.cmd(&[&b"DEL"[..], key]);
                removed += 1;
            }
        }
    }
    removed
}

/// One that PFADD made; and a run more, or less.
#[test]
fn is_broken_unless_it_ends_with_its_last_register() {
    let sparse = |runs: &[u8]| [SPARSE, &[0; HEAD - SPARSE.len()], runs].concat();
    for whole in [&[0x7f, 0xff][..], &[0x7f, 0xfd, 0x81], &[0x7f, 0xfd, 0x80, 0x00]] {
        assert!(!is_broken(&sparse(whole)), "{whole:?}");
    }
    for broken in [&[0x7f, 0xff, 0x00][..], &[0x7f, 0xfe, 0x81], &[0x7f, 0xfe], &[0x7f]] {
        assert!(is_broken(&sparse(broken)), "{broken:?}");
    }
    assert!(!is_broken(b"HYLL\x00 a dense one") && !is_broken(b"text"));
}
