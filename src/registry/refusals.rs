//! The requests and logins that were refused by access control lists: `ACL LOG`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Entry;
use crate::session::Session;
use crate::telemetry::unix_ms;
use tidegate_acl::{AclLog, Context, Denied, Refusal};

/// The latest refusals at a port.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<AclLog>);

impl Refusals {
    /// Notes a refusal.
    pub fn note(&self, refusal: &Refusal<'_>) {
        self.log().add(refusal, unix_ms());
    }

    /// Notes that a request of `session` was refused, and returns its error. It was to be queued in a
    /// transaction, or not; `now_ms` is the time of the process's clock.
    pub fn denied(
        &self,
        denied: &Denied<'_>,
        (session, entry): (&Session, &Entry),
        is_queued: bool,
        now_ms: u64,
    ) -> String {
        self.note(&Refusal {
            refused: denied.reason.into(),
            context: if is_queued { Context::Multi } else { Context::TopLevel },
            object: denied.object,
            username: session.user().name().as_bytes(),
            client_info: &entry.line(now_ms),
        });
        denied.error()
    }

    /// The log, for `ACL LOG`.
    pub fn log(&self) -> MutexGuard<'_, AclLog> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
