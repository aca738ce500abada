//! The limits of the protocol, with Redis's own numbers.

/// The longest inline request, and the longest header line of a multibulk request, in bytes
/// (`PROTO_INLINE_MAX_SIZE` in Redis's `server.h`).
pub const INLINE_MAX: usize = 64 * 1024;

/// The most arguments of one request (`processMultibulkBuffer` accepts up to `INT_MAX`).
pub const ARGS_MAX: i64 = i32::MAX as i64;

/// The most arguments of a request before `AUTH`.
pub const UNAUTHENTICATED_ARGS_MAX: i64 = 10;

/// The longest bulk string of a request before `AUTH`, in bytes.
pub const UNAUTHENTICATED_BULK_MAX: i64 = 16 * 1024;

/// The longest line (status, error, number) accepted from a backend, in bytes.
pub const REPLY_LINE_MAX: usize = 16 * 1024 * 1024;

/// The longest line of a reply that holds a length or a count: its type, the digits of an `i64`,
/// CRLF.
pub const LENGTH_LINE_MAX: usize = 23;

/// The most values of one reply of a backend, nested ones included.
pub const REPLY_VALUES_MAX: u64 = 1 << 40;

/// The limits that apply to a client now.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest bulk string, in bytes (`proto-max-bulk-len`).
    pub bulk_max: i64,
    /// Whether the client has authenticated, where a password is required.
    pub authenticated: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bulk_max: 512 * 1024 * 1024, authenticated: true }
    }
}
