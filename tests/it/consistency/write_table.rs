//! The table of last writes, which all workers of the process share.

use std::thread;

use tidegate::consistency::{Bound, LastWrite, WriteTable};

/// While periods begin as fast as they can, no thread misses what one of them has noted.
#[test]
fn threads_see_the_writes_of_each_other() {
    const WRITES: u64 = 20_000;
    let table = &WriteTable::default();
    let bound = |offset| Bound::new(1, offset);
    thread::scope(|scope| {
        for key in ["a", "b", "c", "d"] {
            scope.spawn(move || {
                for offset in 1..WRITES {
                    let period = table.begin_group();
                    let mark = table.mark(key.as_bytes());
                    table.begin(&[mark], period);
                    assert_eq!(table.of_key(key.as_bytes(), Bound::ALL), LastWrite::InFlight);
                    table.end(&[mark.place()], bound(offset));
                    table.end_group(period, bound(offset));
                    let LastWrite::At(seen) = table.of_key(key.as_bytes(), Bound::ALL) else {
                        panic!("nothing is in flight");
                    };
                    assert!(seen >= bound(offset), "{seen:?}, {offset}");
                }
            });
        }
        scope.spawn(|| (1..WRITES).for_each(|turn| table.begin_period(turn * 1_000)));
    });
}
