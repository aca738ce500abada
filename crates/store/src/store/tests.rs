//! Tests of the store as a whole.

use super::*;

#[test]
fn a_store_that_waits_for_its_data_refuses_reads() {
    let mut store = Store::new(4, Dialect::default(), 1);
    let context = CallContext { db: 3, now_ms: 0, version: RespVersion::V2 };
    let mut out = Vec::new();
    store.write(context, &[b"SET", b"k", b"v"], &mut out);
    assert_eq!(store.read(context, &[b"GET", b"k"], &mut out), Outcome::Replied);
    let mut void = store.void();
    assert!(void.is_void() && !store.is_void() && void.databases() == 4);
    out.clear();
    assert_eq!(void.read(context, &[b"GET", b"k"], &mut out), Outcome::Refused);
    assert_eq!(void.write(context, &[b"SET", b"k", b"v"], &mut out), Outcome::Refused);
    let text = "-LOADING Redis is loading the dataset in memory\r\n";
    assert_eq!(String::from_utf8(out).unwrap(), text.repeat(2));
}

#[test]
fn a_reply_that_is_too_long_is_an_error() {
    let run = |max: usize| {
        let mut out = b"+before\r\n".to_vec();
        let limits = Limits { max, budget: None };
        let how = (RespVersion::V2, Dialect::default(), limits);
        let outcome = replied(&mut out, how, |reply| {
            reply.array(1000);
            (0..1000).for_each(|_| reply.bulk(b"value"));
            Ok(())
        });
        (outcome, out)
    };
    let (outcome, all) = run(usize::MAX);
    assert_eq!((outcome, all.len()), (Outcome::Replied, 9 + 7 + 1000 * 11));
    let (outcome, error) = run(500);
    assert_eq!(outcome, Outcome::Refused);
    assert_eq!(error, b"+before\r\n-ERR reply would be longer than 1 GB\r\n");
}
