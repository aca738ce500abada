//! What a request costs between the two sockets: scan, classify, route; and the reply's scan.
//! `cargo bench --bench hot_path`; the allocation columns must stay empty (tests/zero_alloc.rs).

mod way;

use divan::{AllocProfiler, Bencher, black_box};
use way::stream::{STREAMS, StreamWay, stream};
use way::{REPLIES, REQUESTS, Way};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Scan, classify, route.
#[divan::bench(args = REQUESTS, sample_size = 1000)]
fn request(bencher: Bencher<'_, '_>, name: &str) {
    let (mut way, bytes) = (Way::new(), way::requests(name));
    bencher.bench_local(|| way.requests(black_box(&bytes)));
}

/// Where the reply ends.
#[divan::bench(args = REPLIES, sample_size = 1000)]
fn reply(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = way::reply(name);
    bencher.bench_local(|| way::replies(black_box(&bytes)));
}

/// A thousand commands of a replication stream, found and taken apart.
#[divan::bench(args = STREAMS, sample_size = 10)]
fn replication(bencher: Bencher<'_, '_>, name: &str) {
    let (mut way, bytes) = (StreamWay::new(), stream(name));
    bencher.bench_local(|| way.walk(black_box(&bytes)));
}
