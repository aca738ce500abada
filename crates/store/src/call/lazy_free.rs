//! Which removals a master propagates as UNLINK.

use crate::dialect::Dialect;

/// Which removals of its own a master propagates as UNLINK, and not as DEL, so that replicas free
/// the value in the background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LazyFree {
    /// Of expired keys: `lazyfree-lazy-expire`.
    pub expire: bool,
    /// Of evicted keys: `lazyfree-lazy-eviction`.
    pub eviction: bool,
    /// Of keys that a command empties: `lazyfree-lazy-server-del`.
    pub server_del: bool,
}

impl LazyFree {
    /// Returns the defaults of such a server.
    pub(crate) fn of(dialect: Dialect) -> Self {
        let lazy = dialect.frees_lazily();
        Self { expire: lazy, eviction: lazy, server_del: lazy }
    }

    /// The name of the command that removes an expired key.
    pub(crate) const fn expire_command(self) -> &'static [u8] {
        command(self.expire)
    }

    /// The name of the command that removes an evicted key.
    pub(crate) const fn eviction_command(self) -> &'static [u8] {
        command(self.eviction)
    }

    /// The name of the command that removes a key which a command emptied.
    pub(crate) const fn server_del_command(self) -> &'static [u8] {
        command(self.server_del)
    }
}

const fn command(lazy: bool) -> &'static [u8] {
    if lazy { b"UNLINK" } else { b"DEL" }
}
