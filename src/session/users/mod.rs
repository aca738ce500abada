//! The users as which clients act: their names, their logins at servers, their rates, and ACL.

pub mod acl_command;
mod credentials;
mod identity;
mod rate_limit;

pub use credentials::Credentials;
pub use identity::Identity;
pub use rate_limit::RateLimit;
