//! The wire's limits, with Redis's own numbers.

/// Longest inline request, and longest header line of a multibulk request, in bytes
/// (`PROTO_INLINE_MAX_SIZE` in Redis's `server.h`).
pub const INLINE_MAX: usize = 64 * 1024;

/// Most arguments of one request (`processMultibulkBuffer` accepts up to `INT_MAX`).
pub const ARGS_MAX: i64 = i32::MAX as i64;

/// Most arguments of a request before `AUTH`.
pub const UNAUTHENTICATED_ARGS_MAX: i64 = 10;

/// Longest bulk string of a request before `AUTH`, in bytes.
pub const UNAUTHENTICATED_BULK_MAX: i64 = 16 * 1024;

/// Longest line (status, error, number) accepted from a backend, in bytes.
pub const REPLY_LINE_MAX: usize = 16 * 1024 * 1024;

/// Longest line of a reply that holds a length or a count: its type, the digits of an `i64`, CRLF.
pub const LENGTH_LINE_MAX: usize = 23;

/// Most values of one backend reply, nested ones included.
pub const REPLY_VALUES_MAX: u64 = 1 << 40;

/// What a client may send just now.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest bulk string in bytes (`proto-max-bulk-len`).
    pub bulk_max: i64,
    /// False until the client has authenticated, where a password is required.
    pub authenticated: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bulk_max: 512 * 1024 * 1024, authenticated: true }
    }
}
