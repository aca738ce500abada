//! Checking a request allocates nothing, whether it is permitted or not.

use std::sync::Arc;

use allocation_counter::measure;
use tidegate_acl::{Acl, Catalog, Frame};
use tidegate_wire::resp::encode;

#[test]
fn a_check_allocates_nothing() {
    let mut acl = Acl::new(Arc::new(Catalog::new()));
    let words = ["+@read", "+select|0", "~a*", "&c*", "(+@all", "~b[0-9]", "%R~r*", "&d)"];
    acl.set_user(b"u", &words).expect("rules");
    let user = acl.user(b"u").expect("the user");
    let mut denied = 0;
    for line in [
        "GET a",
        "GET x",
        "mset b1 v b2 v",
        "SET r1 v GET",
        "SORT a BY w_* GET # STORE b1",
        "SELECT 0",
        "SELECT 1",
        "CONFIG GET x",
        "XREAD COUNT 1 STREAMS a b 0 0",
        "SUBSCRIBE c d",
        "PSUBSCRIBE d",
        "NO.SUCH.COMMAND a",
        "PROXY EXPLAIN GET a",
        "EVAL s 2 b1 x",
    ] {
        let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
        let frame = encode::request_of(&words);
        let counted = measure(|| {
            denied += usize::from(user.check(acl.catalog(), &Frame::new(&frame)).is_err());
        });
        assert_eq!(counted.count_total, 0, "{line}");
    }
    assert!((3..12).contains(&denied), "{denied}");
}

#[test]
fn the_counter_counts() {
    let counted = measure(|| drop(std::hint::black_box(vec![1_u8; 100])));
    assert_eq!(counted.count_total, 1);
}
