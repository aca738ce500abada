//! What a request costs between the two sockets: scan, classify, route. `cargo bench --bench
//! hot_path`; the allocation columns must stay empty (tests/zero_alloc.rs). What a reply costs, and a
//! replication stream, is measured in `crates/wire` and `crates/replication`.

mod way;

use divan::{AllocProfiler, Bencher, black_box};
use way::{REQUESTS, Way};

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
