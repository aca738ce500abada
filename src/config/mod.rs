//! `proxy.toml`: parse, validate, diff.
//!
//! Reading a file reports *every* mistake in it, each with its line, its value and what is
//! accepted. A file with a mistake gives no configuration at all.
//!
//! | room | what it is |
//! |---|---|
//! | `kind` | the kinds of values that a key may have |
//! | `mistakes` | what a reader found in a file: mistakes, and the lines of the keys |
//! | `model` | the sections and their keys, one declaration per key; [`Config`] has them all |
//! | `checking` | rules among keys, unknown keys, files that were cut off, warnings |
//! | `reference` | the page of all keys |
//! | `load` | from a file or a text to a [`Config`] |
//!
//! No sockets and no tasks. Host names are not resolved here, and secrets are never shown.

mod checking;
mod kind;
mod load;
mod mistakes;
mod model;
mod parser_stack;
pub mod reference;

pub use checking::{Lines, Warning, check_whole};
pub use kind::{OutputClass, SaveRule, SaveRules, duration_of};
pub use mistakes::{ConfigError, Mistake, Problem};
pub use model::{
    Account, Accounts, Admin, AdminCommands, AppendFsync, Applies, CertUser, Certificates, Change,
    ClientPort, Config, Discovery, Key, Listener, Log, LogFormat, Metrics, OnClosed, OnGap, Proxy,
    PubSub, Reads, Ready, Replica, ReplicaOf, Rule, TopologyConfig, TouchMaster, User, Workers,
    Writes, diff,
};

pub use crate::consistency::Level;
pub use crate::routing::{Balance, OnStale};
pub use crate::session::ReadFrom;
pub use tidegate_wire::units::{HostPort, HostPortError, Secret};
