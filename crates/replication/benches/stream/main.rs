//! The cost of reading a replication stream: `cargo bench -p tidegate-replication`. The allocation
//! columns stay empty (`tests/zero_alloc.rs`).

mod way;

use divan::{AllocProfiler, Bencher, black_box};
use way::{STREAMS, StreamWay, stream};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Reads a thousand commands of a replication stream and their arguments.
#[divan::bench(args = STREAMS, sample_size = 10)]
fn replication(bencher: Bencher<'_, '_>, name: &str) {
    let (mut way, bytes) = (StreamWay::new(), stream(name));
    bencher.bench_local(|| way.walk(black_box(&bytes)));
}
