//! Tests of clients that wait. `tests/leading` compares the order with that of real servers.

use crate::{CallContext, Dialect, Effects, EventClasses, Executed, Store, Wait, Waiters, Wanted};
use tidegate_wire::resp::RespVersion;

fn effects() -> Effects {
    Effects::new(Wanted { events: EventClasses::NONE, changes: true, ready: true })
}

fn words(request: &str) -> Vec<&[u8]> {
    request.split(' ').map(str::as_bytes).collect()
}

fn wait(store: &mut Store, version: RespVersion, request: &str) -> Wait {
    let (context, mut out) = (CallContext { db: 0, now_ms: 1000, version }, Vec::new());
    match store.execute_or_wait(context, &words(request), &mut out, &mut effects()) {
        Executed::Waits(wait) => {
            assert!(out.is_empty());
            wait
        }
        Executed::Done(outcome) => panic!("{request}: {outcome:?}"),
    }
}

fn served(store: &mut Store, waiters: &mut Waiters, request: &str) -> Vec<(u64, String)> {
    let context = CallContext { db: 0, now_ms: 1000, version: RespVersion::V2 };
    let mut effects = effects();
    store.execute(context, &words(request), &mut Vec::new(), &mut effects);
    waiters.note(&effects);
    effects.clear();
    let mut all = Vec::new();
    waiters.serve(store, 1000, &mut effects, |served| {
        let text = |reply: &[u8]| String::from_utf8(reply.to_vec()).unwrap();
        all.extend(served.reply.map(|reply| (served.client, text(reply))));
    });
    all
}

#[test]
fn replies_have_the_form_of_the_clients_protocol() {
    for (version, request, change, wanted) in [
        (
            RespVersion::V2,
            "BZPOPMIN z 0",
            "ZADD z 1.5 m",
            "*3\r\n$1\r\nz\r\n$1\r\nm\r\n$3\r\n1.5\r\n",
        ),
        (RespVersion::V3, "BZPOPMIN z 0", "ZADD z 1.5 m", "*3\r\n$1\r\nz\r\n$1\r\nm\r\n,1.5\r\n"),
        (
            RespVersion::V3,
            "XREAD BLOCK 0 STREAMS s $",
            "XADD s 1-1 f v",
            "%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n",
        ),
    ] {
        let (mut store, mut waiters) = (Store::new(1, Dialect::default(), 0), Waiters::default());
        waiters.add(7, wait(&mut store, version, request));
        assert_eq!(served(&mut store, &mut waiters, "SET other v"), []);
        assert_eq!(served(&mut store, &mut waiters, change), [(7, wanted.to_owned())]);
        assert!(waiters.is_empty() && waiters.keys() == 0);
    }
}

#[test]
fn a_client_whose_time_is_up_gets_a_null_array_whatever_it_waited_for() {
    let mut store = Store::new(1, Dialect::default(), 0);
    for (request, timeout, nulls) in [
        ("BLPOP a b 0.0001", Some(1), ["*-1\r\n", "_\r\n"]),
        ("BLMOVE a b LEFT LEFT 2", Some(2000), ["*-1\r\n", "_\r\n"]),
        ("BRPOPLPUSH a b 0", None, ["*-1\r\n", "_\r\n"]),
        ("BLMPOP 1.5 1 a LEFT", Some(1500), ["*-1\r\n", "_\r\n"]),
        ("XREAD COUNT 2 BLOCK 20 STREAMS a b 0 $", Some(20), ["*-1\r\n", "_\r\n"]),
    ] {
        for (version, wanted) in [RespVersion::V2, RespVersion::V3].into_iter().zip(nulls) {
            let wait = wait(&mut store, version, request);
            assert_eq!(wait.timeout_ms, timeout, "{request}");
            let mut out = Vec::new();
            wait.write_timeout(&mut out);
            assert_eq!(out, wanted.as_bytes(), "{request}");
        }
    }
}

#[test]
fn a_swap_of_databases_serves_clients() {
    let (mut store, mut waiters) = (Store::new(2, Dialect::default(), 0), Waiters::default());
    let other = CallContext { db: 1, now_ms: 1000, version: RespVersion::V2 };
    store.write(other, &words("RPUSH l v"), &mut Vec::new());
    waiters.add(1, wait(&mut store, RespVersion::V2, "BLPOP l 0"));
    let reply = "*2\r\n$1\r\nl\r\n$1\r\nv\r\n".to_owned();
    assert_eq!(served(&mut store, &mut waiters, "SWAPDB 0 1"), [(1, reply)]);
}

#[test]
fn a_client_that_is_gone_gets_nothing() {
    let (mut store, mut waiters) = (Store::new(1, Dialect::default(), 0), Waiters::default());
    waiters.add(1, wait(&mut store, RespVersion::V2, "BLPOP l m 0"));
    waiters.add(2, wait(&mut store, RespVersion::V2, "BLPOP m 0"));
    assert!(waiters.remove(1).is_some() && waiters.remove(1).is_none());
    assert_eq!((waiters.len(), waiters.keys()), (1, 1));
    let reply = "*2\r\n$1\r\nm\r\n$1\r\nv\r\n".to_owned();
    assert_eq!(served(&mut store, &mut waiters, "RPUSH m v"), [(2, reply)]);
}
