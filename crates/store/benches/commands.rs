//! The cost of commands in the store: `cargo bench -p tidegate-store`.

use divan::{AllocProfiler, Bencher, black_box};
use tidegate_store::{CallContext, Dialect, Store};
use tidegate_wire::resp::RespVersion;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// The number of keys of the store before the command runs.
const KEYS: usize = 10_000;

const CONTEXT: CallContext = CallContext { db: 0, now_ms: 1_000_000, version: RespVersion::V2 };

/// Returns a store with strings of 64 bytes, a long hash, a long sorted set, a stream, a list of
/// short elements in a few nodes, and a list of 64-byte elements in many nodes.
fn store() -> Store {
    let mut store = Store::new(16, Dialect::default(), 7);
    let mut write = |line: &str| {
        let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        store.write(CONTEXT, &args, &mut Vec::new());
    };
    let value = "x".repeat(64);
    for n in 0..KEYS {
        write(&format!("SET key:{n} {value}"));
        write(&format!("HSET hash field:{n} {n}"));
        write(&format!("ZADD sorted {n} member:{n}"));
        write(&format!("RPUSH list {n}"));
        write(&format!("RPUSH list:many {value}"));
        write(&format!("XADD stream {}-1 field {n}", n + 1));
    }
    store
}

/// Commands that leave the store as it is, or as large as it is.
const COMMANDS: [&str; 13] = [
    "GET key:5000",
    "SET key:5000 another",
    "EXISTS none",
    "HGET hash field:5000",
    "HSET hash field:5000 1",
    "ZADD sorted 5000 member:5000",
    "ZRANGE sorted 5000 5009",
    "LINDEX list 5000",
    "LRANGE list 5000 5009",
    "LRANGE list 3000 3009",
    "LRANGE list 0 -1",
    "LRANGE list:many 5000 5009",
    "XRANGE stream 5000 5009",
];

#[divan::bench(args = COMMANDS, sample_size = 1000)]
fn command(bencher: Bencher<'_, '_>, line: &str) {
    let (mut store, mut out) = (store(), Vec::with_capacity(4096));
    let args: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    bencher.bench_local(|| {
        out.clear();
        store.apply(CONTEXT, black_box(&args), &mut out)
    });
}
