//! Finds a row by its name, in a hash table that the compiler makes.
//!
//! Never allocates, and hashes the first and last eight bytes at most. So neither the length nor
//! the bytes of what a client sends cost anything: the rows are fixed, and a name is compared with
//! the few rows of one short probe.

use super::Command;
use super::table::TABLE;

/// The number of slots of the table: a power of two, of which a quarter is used.
const SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 10;

/// How many places a table indexed by [`number`] needs.
pub const NUMBERS: usize = SLOTS;

static INDEX: [Option<&'static Command>; SLOTS] = index();

/// The names of the commands in [`INDEX`], to be compared at once.
static NAMES: [Name; SLOTS] = names();

/// A name of letters of up to sixteen bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Name {
    /// Its first and last eight bytes in lower case.
    ends: (u64, u64),
    /// Its length; 0 for any other name, and where there is no command.
    len: usize,
}

/// Returns the row of the command called `name`, in any case. Subcommands are found through the row
/// of their container: [`Command::subcommand`].
#[must_use]
pub fn lookup(name: &[u8]) -> Option<&'static Command> {
    row(number(name)?)
}

/// Returns the row of the command with this number; `None` if no command has it.
#[must_use]
pub fn row(number: usize) -> Option<&'static Command> {
    INDEX.get(number).copied().flatten()
}

/// Returns the number of the command called `name`, in any case. Numbers are below [`NUMBERS`] and
/// different for each command; they index tables beside this one.
#[must_use]
pub fn number(name: &[u8]) -> Option<usize> {
    let first = slot(name);
    let (head, tail) = ends(name);
    // The bit that makes a letter a small one makes no other byte a small letter. So names of
    // letters are equal if these are.
    if NAMES[first] == (Name { ends: (head | LOWER, tail | LOWER), len: name.len() }) {
        return Some(first);
    }
    let mut slot = first;
    while let Some(row) = INDEX[slot] {
        if row.name.as_bytes().eq_ignore_ascii_case(name) {
            return Some(slot);
        }
        slot = (slot + 1) % SLOTS;
    }
    None
}

/// Returns every row, each container followed by its subcommands.
pub fn all() -> impl Iterator<Item = &'static Command> {
    let rows = TABLE.iter().flat_map(|group| group.iter());
    rows.flat_map(|row| std::iter::once(row).chain(row.subcommands))
}

const fn index() -> [Option<&'static Command>; SLOTS] {
    let mut index: [Option<&'static Command>; SLOTS] = [None; SLOTS];
    let mut group = 0;
    while group < TABLE.len() {
        let mut row = 0;
        while row < TABLE[group].len() {
            let mut slot = slot(TABLE[group][row].name.as_bytes());
            while index[slot].is_some() {
                slot = (slot + 1) % SLOTS;
            }
            index[slot] = Some(&TABLE[group][row]);
            row += 1;
        }
        group += 1;
    }
    index
}

const fn names() -> [Name; SLOTS] {
    let mut names = [Name { ends: (0, 0), len: 0 }; SLOTS];
    let mut slot = 0;
    while slot < SLOTS {
        if let Some(row) = INDEX[slot] {
            let name = row.name.as_bytes();
            let (mut at, mut is_of_letters) = (0, name.len() <= 16);
            while at < name.len() {
                is_of_letters = is_of_letters && name[at].is_ascii_lowercase();
                at += 1;
            }
            if is_of_letters {
                let (head, tail) = ends(name);
                names[slot] = Name { ends: (head | LOWER, tail | LOWER), len: name.len() };
            }
        }
        slot += 1;
    }
    names
}

/// The bit that is set in small letters and not in large ones, for eight bytes.
const LOWER: u64 = 0x2020_2020_2020_2020;

/// The slot where the probe for `name` begins; the same for every spelling in upper and lower case.
const fn slot(name: &[u8]) -> usize {
    let (head, tail) = ends(name);
    let head = (head | LOWER).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let tail = (tail | LOWER) ^ ((name.len() as u64) << 56);
    let mixed = (head ^ head >> 32 ^ tail).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (mixed >> (u64::BITS - SLOT_BITS)) as usize
}

/// The first and the last eight bytes, which overlap in short names.
const fn ends(name: &[u8]) -> (u64, u64) {
    if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
        return (u64::from_le_bytes(*head), u64::from_le_bytes(*tail));
    }
    if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
        return (u32::from_le_bytes(*head) as u64, u32::from_le_bytes(*tail) as u64);
    }
    match *name {
        [] => (0, 0),
        [a] => (a as u64, 0),
        [a, b] => (a as u64 | (b as u64) << 8, 0),
        [a, b, c, ..] => (a as u64 | (b as u64) << 8 | (c as u64) << 16, 0),
    }
}
