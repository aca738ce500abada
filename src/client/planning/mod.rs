//! Makes the plan of a request from the client's state.

pub(in crate::client) mod levels;
pub(in crate::client) mod lockout;
pub(in crate::client) mod logins;
pub(in crate::client) mod plan;
pub(in crate::client) mod policies;
pub(in crate::client) mod user_account;
