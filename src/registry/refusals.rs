//! The requests and logins that were refused by access control lists: `ACL LOG`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tidegate_acl::{AclLog, Refusal};
use tidegate_wire::units::millis;

/// The latest refusals at a port.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<AclLog>);

impl Refusals {
    /// Notes a refusal.
    pub fn note(&self, refusal: &Refusal<'_>) {
        self.log().add(refusal, unix_ms());
    }

    /// The log, for `ACL LOG`.
    pub fn log(&self) -> MutexGuard<'_, AclLog> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time, in milliseconds since 1970.
#[must_use]
pub fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
}
