//! `[admin]`: commands that change servers rather than data.

use super::section::section;
use crate::config::kind::{Choice, OneOf};

section! {
    /// `[admin]`: where a client's administrative commands go.
    pub struct Admin = "admin" {
        /// CONFIG, DEBUG, SHUTDOWN, REPLICAOF, FAILOVER, SAVE, changes of ACLs and similar
        /// commands.
        "commands" => commands: AdminCommands = AdminCommands::Deny, OneOf::<AdminCommands>::new(), Live;
    }
}

/// What the proxy does with administrative commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminCommands {
    /// It refuses them.
    Deny,
    /// It sends them to the master.
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
