//! Removed values that take a while to be freed. They are kept until the caller frees them without
//! a lock.

use super::slot::Slot;
use super::snapshot_view::SnapshotView;
use crate::primitives::Table;

/// The weight, in elements or [`crate::call::STEP_BYTES`], above which a value is not freed at
/// once.
const HEAVY: usize = 256;
/// The most values that are kept, so that a caller that never frees them does not keep all data for
/// ever.
const MOST: usize = 1 << 16;

/// Large values and tables that no longer belong to the data.
#[derive(Clone, Debug, Default)]
pub struct Former {
    parts: Vec<Part>,
    weight: usize,
}

#[derive(Clone, Debug)]
enum Part {
    Slot(#[expect(dead_code, reason = "kept to be dropped")] Slot),
    Table(#[expect(dead_code, reason = "kept to be dropped")] Table<Slot>),
    SnapshotView(#[expect(dead_code, reason = "kept to be dropped")] Box<SnapshotView>),
}

impl Former {
    /// Whether there is nothing to free.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// About how many elements there are to free.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Takes a key that was removed, or whose value was replaced.
    #[inline]
    pub(crate) fn slot(&mut self, slot: Slot) {
        if let Slot::Large(_) = &slot {
            let weight = slot.value().weight();
            self.keep(weight, || Part::Slot(slot));
        }
    }

    /// Takes the table of a database that was emptied.
    pub(crate) fn table(&mut self, table: Table<Slot>) {
        self.keep(table.len(), || Part::Table(table));
    }

    /// Takes a snapshot view that is no longer needed.
    pub(crate) fn view(&mut self, view: Box<SnapshotView>) {
        self.keep(view.weight(), || Part::SnapshotView(view));
    }

    /// Takes all values of `other`.
    pub(crate) fn append(&mut self, other: &mut Self) {
        self.weight += std::mem::take(&mut other.weight);
        self.parts.append(&mut other.parts);
    }

    fn keep(&mut self, weight: usize, part: impl FnOnce() -> Part) {
        if weight > HEAVY && self.parts.len() < MOST {
            self.weight += weight;
            self.parts.push(part());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{CallContext, Dialect, Store};
    use tidegate_wire::resp::RespVersion;

    /// Returns the weight of the values that a request leaves, after the requests `before`.
    fn left(before: &[&str], request: &str) -> usize {
        let mut store = Store::new(2, Dialect::default(), 1);
        let context = CallContext { db: 0, now_ms: 1000, version: RespVersion::V2 };
        let mut run = |words: &[&[u8]]| {
            let mut out = Vec::new();
            store.write(context, words, &mut out);
            assert!(!out.starts_with(b"-"), "{request}: {}", out.escape_ascii());
        };
        let members: Vec<_> = (0..1000).map(|it| format!("m{it}")).collect();
        let mut words: Vec<&[u8]> = vec![b"SADD", b"big"];
        words.extend(members.iter().map(String::as_bytes));
        run(&words);
        words[1] = b"other";
        run(&words[..400]);
        run(&[b"SET", b"long", &[b'x'; 1 << 20]]);
        run(&[b"SET", b"n", b"1"]);
        for request in before.iter().chain([&request]) {
            run(&request.split(' ').map(str::as_bytes).collect::<Vec<_>>());
        }
        let weight = store.take_former().weight();
        assert!(store.take_former().is_empty());
        weight
    }

    #[test]
    fn large_values_are_left_to_be_freed() {
        for request in [
            "DEL big",
            "UNLINK n big",
            "SET big v",
            "RENAME n big",
            "COPY n big REPLACE",
            "MSET n 1 big 2",
            "SINTERSTORE big n2 n3",
            "SUNIONSTORE big other",
            "BITOP NOT big n",
            "EXPIREAT big 1",
            "SPOP big 1000",
        ] {
            // SPOP leaves an empty set: it frees members one by one as it writes them.
            let wanted = if request.starts_with("SPOP") { 0 } else { 1000 };
            assert_eq!(left(&[], request), wanted, "{request}");
        }
        assert_eq!(left(&[], "GETDEL long"), (1 << 20) / crate::call::STEP_BYTES);
        assert_eq!(left(&[], "DEL n"), 0);
        assert_eq!(left(&["SELECTED"; 0], "MOVE n 1"), 0);
    }

    #[test]
    fn emptied_databases_are_left_to_be_freed() {
        let mut store = Store::new(2, Dialect::default(), 1);
        for (db, flush, wanted) in [(0, "FLUSHDB", 1000), (1, "FLUSHALL", 1000)] {
            let context = CallContext { db, now_ms: 0, version: RespVersion::V2 };
            let mut out = Vec::new();
            (0..1000).for_each(|key| {
                store.write(context, &[b"SET", format!("{key}").as_bytes(), b"v"], &mut out);
            });
            store.write(CallContext { db: 0, ..context }, &[flush.as_bytes()], &mut out);
            assert_eq!(store.take_former().weight(), wanted, "{flush}");
        }
        // Values that a snapshot still needs are left when it has been written.
        let context = CallContext { db: 0, now_ms: 0, version: RespVersion::V2 };
        let mut out = Vec::new();
        (0..1000).for_each(|key| {
            store.write(context, &[b"SET", format!("{key}").as_bytes(), b"v"], &mut out);
        });
        store.begin_snapshot_view();
        store.write(context, &[b"FLUSHALL"], &mut out);
        assert!(store.take_former().is_empty());
        store.end_snapshot_view();
        assert_eq!(store.take_former().weight(), 1000);
    }
}
