//! The limit on the files that the process may open.

use rlimit::Resource;

use crate::config::Config;

/// Descriptors for everything besides clients. Redis reserves 32; the proxy connects to servers,
/// too.
const RESERVED: u64 = 512;

/// Raises the limit to what `max-clients` needs, as far as the system allows, as Redis's
/// `adjustOpenFilesLimit` does.
pub(super) fn raise_limit(config: &Config) {
    let needed = config.proxy.max_clients as u64 + RESERVED;
    let raised = rlimit::increase_nofile_limit(needed);
    let limit = raised.or_else(|_| Resource::NOFILE.get_soft()).unwrap_or(needed);
    if limit < needed {
        tracing::warn!(
            "the system allows {limit} open files; max-clients = {} needs {needed}: some clients \
             may not be accepted",
            config.proxy.max_clients
        );
    }
}
