//! Users and their rules, as `ACL SETUSER` takes them.

mod commands;
mod describe;
mod error;
mod password;
mod pattern;
mod selector;
mod text;
mod user;
mod words;

pub use error::RuleError;
pub use password::{Digest, Passwords};
pub use pattern::{ChannelPattern, KeyPattern};
pub use selector::Selector;
pub use user::User;

pub(crate) use text::{has_spaces, shown};
pub(crate) use words::{apply_all, merge};
