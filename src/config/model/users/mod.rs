//! Users: their sections, and all of them with their rights.

mod accounts;
mod user;

pub(in crate::config) use accounts::catalog;
pub use accounts::{Account, Accounts};
pub use user::User;
pub(in crate::config) use user::is_digest;
