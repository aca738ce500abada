//! The stack on which a TOML text is parsed.

/// The size of that stack, in bytes of address space.
const STACK: usize = 64 << 20;

/// Runs `work` on a thread whose stack no file can overflow. The TOML parser bounds inline tables
/// and dotted keys to 80 levels each, but not one within the other: 6400 levels take 4 MB and more.
pub(super) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("config".to_owned()).stack_size(STACK);
        let panicked = |_| std::io::Error::other("the parser failed");
        thread.spawn_scoped(scope, work)?.join().map_err(panicked)
    })
}
