//! What becomes of a request that needs a closer look: its plan is made, and carried out, held or
//! refused.

pub(in crate::client) mod answers;
pub(in crate::client) mod dispatch;
pub(in crate::client) mod held;
pub(in crate::client) mod lockout;
pub(in crate::client) mod outcome;
pub(in crate::client) mod paused;
