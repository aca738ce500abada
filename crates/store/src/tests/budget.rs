//! The budgets of reads.

use crate::{Budget, CallContext, Dialect, Outcome, Store, Vendor};
use tidegate_wire::resp::RespVersion;

const MANY: usize = 20_000;
const STEPS: u64 = 5000;

/// Reads whose cost does not grow with the data, or that name little of it.
const CHEAP: &[&str] = &[
    "GET n",
    "MGET n n missing",
    "STRLEN long",
    "GETRANGE long 1000000 1000100",
    "SUBSTR long 0 10",
    "GETBIT long 7",
    "BITCOUNT long 0 100",
    "BITPOS long 1 0 10",
    "BITFIELD_RO long GET u8 0",
    "LCS n n",
    "STRALGO LCS STRINGS ab ac",
    "PFCOUNT hll",
    "LINDEX list 10000",
    "LLEN list",
    "LRANGE list 10000 10020",
    "LRANGE list -20 -1",
    "LPOS list 3 MAXLEN 100",
    "SCARD set",
    "SISMEMBER set 1",
    "SMISMEMBER set 1 2 3",
    "SMEMBERS small",
    "SDIFF small set",
    "SINTER small set",
    "SINTERCARD 2 set small",
    "SUNION small small",
    "SSCAN set 0",
    "SRANDMEMBER set 10",
    "HGET hash 1",
    "HMGET hash 1 2",
    "HGETALL tiny",
    "HKEYS tiny",
    "HVALS tiny",
    "HLEN hash",
    "HSTRLEN hash 1",
    "HEXISTS hash 1",
    "HTTL hash FIELDS 1 1",
    "HPTTL hash FIELDS 1 1",
    "HEXPIRETIME hash FIELDS 1 1",
    "HPEXPIRETIME hash FIELDS 1 1",
    "HSCAN hash 0 COUNT 100",
    "HRANDFIELD hash 5",
    "ZCARD zset",
    "ZCOUNT zset 5 15000",
    "ZLEXCOUNT zset - +",
    "ZMSCORE zset 1 2",
    "ZRANK zset 1",
    "ZREVRANK zset 1",
    "ZSCORE zset 1",
    "ZRANGE zset 10000 10010",
    "ZRANGEBYSCORE zset 100 120",
    "ZRANGEBYSCORE zset -inf +inf LIMIT 10000 10",
    "ZREVRANGE zset 0 9",
    "ZREVRANGEBYSCORE zset 120 100",
    "ZRANGEBYLEX zset - + LIMIT 0 5",
    "ZREVRANGEBYLEX zset + - LIMIT 0 5",
    "ZDIFF 2 small zset",
    "ZINTER 2 small zset",
    "ZINTERCARD 2 small zset",
    "ZUNION 2 small small",
    "ZSCAN zset 0",
    "ZRANDMEMBER zset 5",
    "GEODIST geo 1 2",
    "GEOHASH geo 1",
    "GEOPOS geo 1",
    "GEOSEARCH geo FROMLONLAT 13 38 BYRADIUS 1 m",
    "GEORADIUS_RO geo 13 38 1 m",
    "GEORADIUSBYMEMBER_RO geo 1 1 m",
    "XLEN stream",
    "XRANGE stream - + COUNT 10",
    "XREVRANGE stream + - COUNT 10",
    "XREAD COUNT 10 STREAMS stream 0",
    "XINFO STREAM stream",
    "XPENDING stream group",
    "OBJECT ENCODING set",
    "DUMP n",
    "MEMORY USAGE n",
    "DEBUG OBJECT n",
    "SORT_RO small ALPHA",
    "EXISTS n set",
    "TOUCH n",
    "TYPE set",
    "RANDOMKEY",
    "TTL n",
    "PTTL n",
    "EXPIRETIME n",
    "PEXPIRETIME n",
    "DBSIZE",
    "SCAN 0 COUNT 100",
    "KEYS *",
    "FUNCTION STATS",
];

/// Reads that cost too much, in the database of many keys or of one.
const DEAR: &[&str] = &[
    "GET long",
    "MGET long long",
    "GETRANGE long 0 -1",
    "SUBSTR long 0 -1",
    "BITCOUNT long",
    "BITPOS long 0",
    "LCS middle middle",
    "STRALGO LCS KEYS middle middle",
    "LRANGE list 0 -1",
    "LPOS list none",
    "SMEMBERS set",
    "SDIFF set small",
    "SINTER set set",
    "SINTERCARD 2 set set",
    "SUNION small set",
    "SSCAN set 0 COUNT 100000",
    "SRANDMEMBER set 100000",
    "SRANDMEMBER set -100000",
    "HGETALL hash",
    "HKEYS hash",
    "HVALS hash",
    "HSCAN hash 0 COUNT 100000",
    "HRANDFIELD hash 100000",
    "ZRANGE zset 0 -1",
    "ZRANGE zset -inf +inf BYSCORE",
    "ZRANGEBYSCORE zset -inf +inf",
    "ZREVRANGE zset 0 -1",
    "ZREVRANGEBYSCORE zset +inf -inf",
    "ZRANGEBYLEX zset - +",
    "ZREVRANGEBYLEX zset + -",
    "ZDIFF 2 zset small",
    "ZINTER 2 zset zset",
    "ZINTERCARD 2 zset zset",
    "ZUNION 2 small zset",
    "ZSCAN zset 0 COUNT 100000",
    "ZRANDMEMBER zset 100000",
    "GEOSEARCH geo FROMLONLAT 13 38 BYRADIUS 10000 km",
    "GEOSEARCH geo FROMLONLAT 13 38 BYRADIUS 10000 km COUNT 1",
    "GEORADIUS_RO geo 13 38 10000 km",
    "GEORADIUSBYMEMBER_RO geo 1 10000 km",
    "XRANGE stream - +",
    "XREVRANGE stream + -",
    "XREAD STREAMS stream 0",
    "XINFO STREAM stream FULL COUNT 0",
    "XPENDING stream group - + 100000",
    "XPENDING stream group IDLE 100000 - + 1",
    "DUMP set",
    "DUMP long",
    "MEMORY USAGE set SAMPLES 0",
    "DEBUG OBJECT set",
    "DEBUG DIGEST",
    "DEBUG DIGEST-VALUE set",
    "SORT_RO set",
    "SORT_RO set BY nosort LIMIT 0 1",
    "SORT_RO list ALPHA",
    "SORT_RO zset BY missing:*",
];

fn words(request: &str) -> Vec<&[u8]> {
    request.split(' ').map(str::as_bytes).collect()
}

fn store() -> Store {
    let mut store = Store::new(2, Dialect::new(Vendor::Redis, "8.2.0"), 1);
    let mut run = |db, request: &[&[u8]]| {
        let context = CallContext { db, now_ms: 0, version: RespVersion::V2 };
        let mut out = Vec::new();
        assert_eq!(
            store.write(context, request, &mut out),
            Outcome::Replied,
            "{}",
            out.escape_ascii()
        );
    };
    let numbers: Vec<String> = (0..MANY).map(|number| number.to_string()).collect();
    let all = |name: &'static [u8], key: &'static [u8], each: &dyn Fn(&str) -> Vec<String>| {
        let words = numbers.iter().flat_map(|number| each(number));
        let words: Vec<_> = words.map(String::into_bytes).collect();
        [name, key].into_iter().map(<[u8]>::to_vec).chain(words).collect::<Vec<_>>()
    };
    let same = |it: &str| it.to_owned();
    for request in [
        all(b"RPUSH", b"list", &|it| vec![same(it)]),
        all(b"SADD", b"set", &|it| vec![format!("m{it}")]),
        all(b"HSET", b"hash", &|it| vec![same(it), same(it)]),
        all(b"ZADD", b"zset", &|it| vec![same(it), same(it)]),
        all(b"GEOADD", b"geo", &|it| {
            vec![format!("{}", 10 + it.len()), format!("3{}.{it}", it.len()), same(it)]
        }),
    ] {
        run(0, &request.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
    for number in &numbers {
        let id = format!("1-{}", number.parse::<usize>().unwrap() + 1);
        run(0, &[b"XADD", b"stream", id.as_bytes(), b"f", b"v"]);
        run(1, &[b"SET", number.as_bytes(), b"v"]);
    }
    run(0, &words("XGROUP CREATE stream group 0"));
    run(0, &words("XREADGROUP GROUP group one STREAMS stream >"));
    run(0, &[b"SET", b"long", &vec![b'\xff'; 4 << 20]]);
    run(0, &[b"SET", b"middle", &[b'x'; 1000]]);
    for request in ["SET n 1", "SADD small a b", "HSET tiny a 1", "PFADD hll a b", "ZADD z2 1 a"] {
        run(0, &words(request));
    }
    store
}

#[test]
fn a_read_is_made_within_its_budget_or_not_at_all() {
    let mut store = store();
    let mut known = std::collections::BTreeSet::new();
    for version in ["6.2.0", "8.2.0"] {
        store.set_dialect(Dialect::new(Vendor::Redis, version));
        let cheap = CHEAP.iter().map(|it| (*it, 0, Outcome::Replied));
        let dear = DEAR.iter().map(|it| (*it, 0, Outcome::Excessive));
        let keys = ["KEYS x", "SCAN 0 COUNT 100000"];
        let keys = keys.iter().map(|it| (*it, 1, Outcome::Excessive));
        for (request, db, wanted) in cheap.chain(dear).chain(keys) {
            let budget = Budget::new(STEPS, usize::MAX);
            let context = CallContext { db, now_ms: 0, version: RespVersion::V2 };
            let mut out = b"before".to_vec();
            let outcome = store.read_within(&budget, context, &words(request), &mut out);
            let shown = out.get(..200).unwrap_or(&out).escape_ascii();
            if outcome == Outcome::Unknown {
                continue;
            }
            assert_eq!(outcome, wanted, "{request}: {shown}, {} left", budget.left());
            assert_eq!(out == b"before", wanted == Outcome::Excessive, "{request}");
            known.extend(request.split(' ').next().map(str::to_lowercase));
        }
    }
    let missing: Vec<_> = Store::readable().filter(|name| !known.contains(*name)).collect();
    assert!(missing.is_empty(), "what do they cost: {missing:?}");
}

#[test]
fn the_longest_reply_is_bounded_too() {
    let store = store();
    let context = CallContext { db: 0, now_ms: 0, version: RespVersion::V2 };
    let read = |bytes, request: &str| {
        let mut out = Vec::new();
        let outcome =
            store.read_within(&Budget::new(u64::MAX, bytes), context, &words(request), &mut out);
        // The buffer too has never more than the reply may have.
        assert!(out.capacity() <= 2 * bytes + 1024, "{request}: {}", out.capacity());
        outcome
    };
    for request in ["GET long", "MGET long long", "SMEMBERS set", "HGETALL hash"] {
        assert_eq!(read(100_000, request), Outcome::Excessive, "{request}");
        assert_eq!(read(16 << 20, request), Outcome::Replied, "{request}");
    }
}
