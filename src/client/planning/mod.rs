//! Makes the plan of every request that is not plain, and carries it out, holds it or refuses it.

pub(in crate::client) mod answers;
pub(in crate::client) mod dispatch;
pub(in crate::client) mod execution;
pub(in crate::client) mod lockout;
pub(in crate::client) mod paused;
pub(in crate::client) mod plan;
pub(in crate::client) mod precedence;
