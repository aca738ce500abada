//! The plan of a request that needs a closer look: it is made, and carried out, held or refused.

pub(in crate::client) mod answers;
pub(in crate::client) mod dispatch;
pub(in crate::client) mod execution;
pub(in crate::client) mod lockout;
pub(in crate::client) mod paused;
pub(in crate::client) mod plan;
pub(in crate::client) mod precedence;
