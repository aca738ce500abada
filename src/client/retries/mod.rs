//! Requests that failed: sent again where that is safe, else answered with an error.

pub(in crate::client) mod begin_anew;
pub(in crate::client) mod lost_writes;
pub(in crate::client) mod recover;
pub(in crate::client) mod renewing;
pub(in crate::client) mod resend;
pub(in crate::client) mod scan_restart;
pub(in crate::client) mod verdict;
