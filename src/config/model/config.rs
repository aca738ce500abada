//! The whole configuration: every section, and what is computed from several of them.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use toml::de::DeTable;

use super::admin::Admin;
use super::change::Change;
use super::listener::{ClientPort, Listener};
use super::log::Log;
use super::metrics::Metrics;
use super::overlay::Overlay;
use super::part::Part;
use super::proxy::Proxy;
use super::pubsub::PubSub;
use super::reads::Reads;
use super::replica::Replica;
use super::rule::Rule;
use super::section::{Edit, Key, Section as _};
use super::tls::Certificates;
use super::topology::TopologyConfig;
use super::users::{Accounts, User};
use super::writes::Writes;
use crate::config::mistakes::Report;
use crate::consistency::LagLimit;
use crate::routing::ReadPolicy;
use crate::routing::rules::Rules;
use crate::tls::random;
use tidegate_wire::units::{HostPort, Secret, millis};

/// Declares the file: its sections in their order.
macro_rules! file {
    ($($(#[$doc:meta])* $field:ident: $Section:ty,)*) => {
        /// A whole, valid `proxy.toml`. The default is that of an empty file.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Config {
            $($(#[$doc])* pub $field: $Section,)*
            /// The certificates in the files that the sections name.
            pub certificates: Certificates,
            /// All users with their rights.
            pub accounts: Arc<Accounts>,
        }

        impl Config {
            /// Every key that exists, in the order of the file.
            pub fn keys() -> Vec<Key> {
                [$(<$Section as Part>::keys()),*].concat()
            }

            /// Reads the sections of `file`. A key that is missing or wrong keeps its default;
            /// `report` gets every mistake.
            pub(in crate::config) fn read<'a>(
                file: &'a DeTable<'a>,
                report: &mut Report<'a>,
            ) -> Self {
                Self {
                    $($field: <$Section as Part>::read(file, report),)*
                    certificates: Certificates::default(),
                    accounts: Arc::default(),
                }
            }

            fn diff(&self, new: &Self) -> Vec<Change> {
                let mut changes = Vec::new();
                $(Part::diff(&self.$field, &new.$field, &mut changes);)*
                changes.extend(self.certificates.diff(&new.certificates));
                changes.extend(self.accounts.diff(&new.accounts));
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
    /// Further addresses for clients, with policies for their reads.
    listeners: Vec<Listener>,
    /// Which reads have a level of their own.
    rules: Vec<Rule>,
    /// The users as which clients log in.
    users: Vec<User>,
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

    /// Gives the embedded servers, which others on this machine can reach, the password of the
    /// proxy's clients, unless they have one. Where clients have names of their own, it is one that
    /// this process alone knows.
    pub(in crate::config) fn protect_embedded_servers(&mut self) {
        if !self.topology.is_embedded() || !self.topology.masterauth.is_empty() {
            return;
        }
        let has_users = !self.users.is_empty() || !self.proxy.aclfile.is_empty();
        if self.proxy.requirepass.is_empty() && has_users {
            self.topology.masterauth = own_password();
        } else {
            self.topology.masterauth.clone_from(&self.proxy.requirepass);
        }
    }

    /// Where the reads of a client may go that has said nothing about them. It has connected to
    /// `addr` of a `[[listener]]`, or to one of `proxy.listen`.
    #[must_use]
    pub fn read_policy(&self, addr: Option<&HostPort>) -> ReadPolicy {
        let reads = &self.reads;
        let silence = self.topology.probe_timeout.max(reads.max_lag.unwrap_or_default());
        let policy = ReadPolicy {
            level: reads.consistency,
            from: reads.from,
            max_lag: LagLimit::Published,
            on_stale: reads.on_stale,
            serve_stale: reads.replica_serve_stale_data,
            silence_ms: millis(silence),
        };
        let listener = |addr: &HostPort| self.listeners.iter().find(|it| it.has(addr));
        let own = addr.and_then(listener).map(Listener::overlay).unwrap_or_default();
        self.overlaid(policy, own)
    }

    /// The same as `policy` for the clients of `user`, where its section says otherwise.
    #[must_use]
    pub fn policy_of_user(&self, policy: ReadPolicy, user: &str) -> ReadPolicy {
        let section = self.users.iter().find(|it| it.name == user);
        section.map_or(policy, |user| self.overlaid(policy, user.overlay()))
    }

    fn overlaid(&self, policy: ReadPolicy, own: Overlay) -> ReadPolicy {
        ReadPolicy {
            level: own.level.unwrap_or(policy.level),
            from: own.from.unwrap_or(policy.from),
            max_lag: own.max_lag.map_or(policy.max_lag, |limit| self.lag_limit(limit)),
            on_stale: own.on_stale.unwrap_or(policy.on_stale),
            serve_stale: own.serve_stale.unwrap_or(policy.serve_stale),
            ..policy
        }
    }

    /// The other files that the keys name: of certificates, passwords and users.
    pub fn other_files(&self) -> impl Iterator<Item = &str> {
        let (proxy, topology) = (&self.proxy, &self.topology);
        let all = [
            &proxy.tls_cert_file,
            &proxy.tls_key_file,
            &proxy.tls_ca_cert_file,
            &proxy.requirepass_file,
            &proxy.aclfile,
            &topology.tls_ca_cert_file,
            &topology.tls_client_cert_file,
            &topology.tls_client_key_file,
            &topology.masterauth_file,
            &topology.sentinel_password_file,
        ];
        let of_users = self.users.iter().map(|user| &user.password_file);
        all.into_iter().chain(of_users).map(String::as_str).filter(|path| !path.is_empty())
    }

    /// The limit that data may be at most so old; `None` means of any age.
    #[must_use]
    pub fn lag_limit(&self, limit: Option<Duration>) -> LagLimit {
        match limit {
            _ if limit == self.reads.max_lag => LagLimit::Published,
            Some(limit) => LagLimit::Within(millis(limit)),
            None => LagLimit::Any,
        }
    }

    /// The ports that clients connect to, in the order of the file.
    #[must_use]
    pub fn client_ports(&self) -> Vec<ClientPort<'_>> {
        let proxy = &self.proxy;
        let own = [
            ("proxy.listen".to_owned(), &proxy.listen, false, None),
            ("proxy.tls-listen".to_owned(), &proxy.tls_listen, true, None),
        ];
        let further = self.listeners.iter().enumerate().flat_map(|(at, it)| {
            [
                (format!("listener[{at}].listen"), &it.listen, false, Some(it)),
                (format!("listener[{at}].tls-listen"), &it.tls_listen, true, Some(it)),
            ]
        });
        let all = own.into_iter().chain(further).flat_map(|(key, addrs, is_tls, listener)| {
            addrs.iter().map(move |addr| ClientPort { key: key.clone(), addr, is_tls, listener })
        });
        all.collect()
    }

    /// What the rules match, each with its level.
    #[must_use]
    pub fn compiled_rules(&self) -> Rules {
        let rules = self.rules.iter();
        Rules::new(rules.filter_map(|rule| Some((rule.matches(), rule.level?))).collect())
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

/// A password that this process alone knows.
fn own_password() -> Secret {
    static PASSWORD: LazyLock<String> = LazyLock::new(|| {
        let mut bytes = [0; 32];
        random(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    });
    Secret::new(PASSWORD.as_str())
}
