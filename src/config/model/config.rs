//! The whole configuration: every section, and what is computed from several of them.

use toml::de::DeTable;

use super::admin::Admin;
use super::change::Change;
use super::log::Log;
use super::metrics::Metrics;
use super::proxy::Proxy;
use super::pubsub::PubSub;
use super::reads::Reads;
use super::replica::Replica;
use super::section::{Edit, Key, Section};
use super::topology::TopologyConfig;
use super::writes::Writes;
use crate::config::mistakes::Report;
use tidegate_wire::units::Secret;

/// Declares the file: its sections in their order.
macro_rules! file {
    ($($(#[$doc:meta])* $field:ident: $Section:ty,)*) => {
        /// A whole, valid `proxy.toml`. The default is that of an empty file.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Config {
            $($(#[$doc])* pub $field: $Section,)*
        }

        impl Config {
            /// Every key that exists, in the order of the file.
            pub fn keys() -> Vec<Key> {
                [$(<$Section>::keys()),*].concat()
            }

            /// Reads the sections of `file`. A key that is missing or wrong keeps its default;
            /// `report` gets every mistake.
            pub(in crate::config) fn read<'a>(
                file: &'a DeTable<'a>,
                report: &mut Report<'a>,
            ) -> Self {
                let mut config = Self::default();
                $(
                    if let Some(table) = table(<$Section>::NAME, file, report) {
                        config.$field = Section::read(table, report);
                    }
                )*
                config
            }

            fn diff(&self, new: &Self) -> Vec<Change> {
                let mut changes = Vec::new();
                $(self.$field.diff(&new.$field, &mut changes);)*
                changes
            }
        }
    };
}

file! {
    /// The side that faces the clients.
    proxy: Proxy,
    /// The servers behind the proxy.
    topology: TopologyConfig,
    /// Which servers serve reads.
    reads: Reads,
    /// When writes are accepted.
    writes: Writes,
    /// The subscriptions of clients.
    pubsub: PubSub,
    /// The engine: this process as a replica.
    replica: Replica,
    /// Where administrative commands of clients go.
    admin: Admin,
    /// The metrics endpoint.
    metrics: Metrics,
    /// Which events are logged, and in which format.
    log: Log,
}

impl Config {
    /// User and password with which the engine logs in to its master: its own, or those of
    /// `[topology]` if it has none. An empty user is the default user; with an empty password the
    /// engine does not log in.
    pub fn replica_login(&self) -> (&str, &Secret) {
        let (own, topology) = (&self.replica, &self.topology);
        if own.masterauth.is_empty() {
            (&topology.masteruser, &topology.masterauth)
        } else {
            (&own.masteruser, &own.masterauth)
        }
    }

    /// The password of the engine's own port: its own, or that of `[proxy]` if it has none. Empty
    /// means that clients need no password.
    #[must_use]
    pub fn replica_password(&self) -> &Secret {
        let own = &self.replica.requirepass;
        if own.is_empty() { &self.proxy.requirepass } else { own }
    }

    /// The edits of `[replica]` that make the file of this configuration mean `new`.
    pub(crate) fn replica_edits(&self, new: &Self) -> Vec<Edit> {
        self.replica.edits(&new.replica)
    }
}

/// Every key whose value differs, in the order of the file.
pub fn diff(old: &Config, new: &Config) -> Vec<Change> {
    old.diff(new)
}

/// The section called `name`, if the file has it.
fn table<'a>(
    name: &str,
    file: &'a DeTable<'a>,
    report: &mut Report<'a>,
) -> Option<&'a DeTable<'a>> {
    let (key, raw) = file.get_key_value(name)?;
    let table = raw.get_ref().as_table();
    if table.is_none() {
        report.no_section(key, raw);
    }
    table
}
