//! Access control lists of Redis and Valkey: users, their rules, and the check of a request.
//!
//! A pure library: the time and random bytes are arguments, and it has no socket, no task and no
//! file. The rules, their normal form and the errors are those of Redis 7.0.
//!
//! Each module uses only its own layer and those below it:
//!
//! | layer | module | what it is |
//! |---|---|---|
//! | 0 | `arguments` | the arguments of a request, in a frame or as words |
//! | 0 | `category` | categories of commands |
//! | 1 | `facts` | the categories of every command, and what it does to its keys |
//! | 2 | `catalog` | the commands that rules may name, those of modules included |
//! | 3 | `rules` | users, selectors, passwords: the rules and their normal form |
//! | 4 | `check` | whether a user may make a request |
//! | 5 | `acl` | the set of all users, and logins |
//! | 5 | `log` | what was refused |
//! | 6 | `file` | the text of an aclfile |
//! | 7 | `reply` | the command `ACL` |
//!
//! ```
//! use std::sync::Arc;
//! use tidegate_acl::{Acl, Catalog, Frame};
//!
//! let mut acl = Acl::new(Arc::new(Catalog::new()));
//! acl.set_user(b"cache", &["on", ">secret", "+@read", "~cache:*"]).unwrap();
//!
//! let user = acl.authenticate(b"cache", b"secret").unwrap();
//! let allowed = Frame::new(b"*2\r\n$3\r\nGET\r\n$7\r\ncache:1\r\n");
//! assert!(user.check(acl.catalog(), &allowed).is_ok());
//! let other = Frame::new(b"*2\r\n$3\r\nGET\r\n$5\r\nother\r\n");
//! let denied = user.check(acl.catalog(), &other).unwrap_err();
//! assert!(denied.error().starts_with("NOPERM"));
//! ```

#![forbid(unsafe_code)]

mod acl;
mod arguments;
mod catalog;
mod category;
mod check;
mod facts;
mod file;
mod log;
mod reply;
mod rules;

pub use acl::{Acl, AuthError, UserError};
pub use arguments::{Arguments, Frame};
pub use catalog::{Catalog, Channels, Command};
pub use category::{CATEGORIES_MAX, Categories, Category};
pub use check::{Denied, Reason};
pub use facts::{Access, KeyAccess};
pub use file::FileError;
pub use log::{AclLog, Context, LOG_MAX, LogEntry, Refusal, Refused};
pub use reply::{AclCommand, Asking, answer};
pub use rules::{ChannelPattern, Digest, KeyPattern, Passwords, RuleError, Selector, User};
