//! One client's state, and what each command does to it.
//!
//! Pure: requests and replies go in, decisions and bytes come out. It has no socket and no clock,
//! and leaves the choice of a server to `routing`.

pub mod cursor;
pub mod exec;
mod in_flight;
pub mod local;
pub mod login;
pub mod names;
mod reads;
pub mod replies;
mod reply_mode;
#[expect(clippy::module_inception, reason = "a file is one noun, and this one is the session")]
mod session;
mod subscriptions;
pub mod tracking;
mod transaction;
mod users;

pub use in_flight::{KeyWords, Touches, Written, order};
pub use login::{LoginPolicy, is_login, without_login};
pub use reads::{Next, ReadChoice, ReadFrom};
pub use reply_mode::ReplyMode;
pub use session::Session;
pub use subscriptions::{Change, Named, Subscriptions};
pub use tracking::Tracking;
pub use transaction::{Queued, Transaction, Verdict};
pub use users::{Credentials, Identity, RateLimit, acl_command};
