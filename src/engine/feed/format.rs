//! The version of the RDB format in which a replica gets its snapshot.

use tidegate_rdb::Form;
use tidegate_replication::Announcement;
use tidegate_store::{Dialect, Vendor};

/// Returns the version for a replica that has reported this of itself. Valkey from 8.0 on announces
/// its own version. Other replicas, and engines, get what the engine's master would send.
pub(super) fn format_for(master: Dialect, said: &Announcement) -> u16 {
    let own = master.form();
    let Some(version) = said.version.as_deref().filter(|_| !said.is_engine) else {
        return own.version();
    };
    let theirs = Dialect::new(Vendor::Valkey, version).form();
    // Redis and Valkey share the versions up to that of Redis 7.2.
    let is_readable = own.version() <= Form::REDIS_72.version() || own == theirs;
    if is_readable { own.version() } else { theirs.version() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_gets_what_it_reads() {
        for (vendor, master, replica, format) in [
            (Vendor::Redis, "6.2.5", None, 9),
            (Vendor::Redis, "7.0.15", None, 10),
            (Vendor::Redis, "7.0.15", Some("9.1.2"), 10),
            (Vendor::Redis, "8.2.3", None, 12),
            (Vendor::Redis, "8.2.3", Some("8.1.0"), 11),
            (Vendor::Redis, "8.2.3", Some("9.1.2"), 80),
            (Vendor::Valkey, "9.1.2", None, 80),
            (Vendor::Valkey, "9.1.2", Some("9.0.0"), 80),
            (Vendor::Valkey, "9.1.2", Some("8.1.0"), 11),
            (Vendor::Valkey, "8.1.0", Some("9.1.2"), 11),
        ] {
            let master = Dialect::new(vendor, master);
            let version = replica.map(str::to_owned);
            let mut said = Announcement { version, ..Announcement::default() };
            assert_eq!(format_for(master, &said), format, "{master:?} {replica:?}");
            said.is_engine = true;
            assert_eq!(format_for(master, &said), master.form().version());
        }
    }
}
