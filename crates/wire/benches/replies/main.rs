//! The cost of finding where a reply ends: `cargo bench -p tidegate-wire`. The allocation columns
//! stay empty (`tests/zero_alloc.rs`).

mod way;

use divan::{AllocProfiler, Bencher, black_box};
use way::REPLIES;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Finds the end of a reply.
#[divan::bench(args = REPLIES, sample_size = 1000)]
fn reply(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = way::reply(name);
    bencher.bench_local(|| way::replies(black_box(&bytes)));
}
