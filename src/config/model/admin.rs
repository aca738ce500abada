//! `[admin]`: commands that change servers rather than data.

use super::section::section;
use crate::config::kind::{Choice, OneOf};

section! {
    /// `[admin]`: what becomes of a client's administrative commands.
    pub struct Admin = "admin" {
        /// CONFIG, DEBUG, SHUTDOWN, REPLICAOF, FAILOVER, SAVE, changes of ACLs and their like.
        "commands" => commands: AdminCommands = AdminCommands::Deny, OneOf::<AdminCommands>::new(), Live;
    }
}

/// What becomes of administrative commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminCommands {
    /// They are refused.
    Deny,
    /// They go to the master.
    Master,
}

impl Choice for AdminCommands {
    const ALL: &'static [Self] = &[Self::Deny, Self::Master];
    const ALIASES: &'static [(&'static str, Self)] = &[("primary", Self::Master)];

    fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Master => "master",
        }
    }
}
