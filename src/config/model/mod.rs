//! The configuration as values: the sections, their keys, and what differs between two of them.
//!
//! A section is a file, and a key is one declaration in it (`section.rs`): field, default, kind of
//! value, and whether a reload applies it.

mod admin;
mod change;
mod config;
mod listener;
mod log;
mod metrics;
mod overlay;
mod part;
mod proxy;
mod pubsub;
mod reads;
mod replica;
mod rule;
pub(super) mod section;
mod tls;
mod topology;
pub(super) mod users;
mod writes;

pub use admin::{Admin, AdminCommands};
pub use change::{Applies, Change};
pub use config::{Config, diff};
pub use listener::{ClientPort, Listener};
pub use log::{Log, LogFormat};
pub use metrics::{Metrics, Ready};
pub use proxy::{Proxy, Workers};
pub use pubsub::{OnGap, PubSub};
pub use reads::{Reads, TouchMaster};
pub use replica::{AppendFsync, Replica, ReplicaOf};
pub use rule::Rule;
pub use section::Key;
pub use tls::{CertUser, Certificates};
pub use topology::{Discovery, TopologyConfig};
pub use users::{Account, Accounts, User};
pub use writes::{OnClosed, Writes};
