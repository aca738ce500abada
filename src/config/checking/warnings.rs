//! Warnings about a valid configuration: keys without effect, and values that may surprise.

use super::read_rules;
use super::user_warnings;
use super::warning::Warning;
use crate::config::model::{ClientPort, Config, Replica, ReplicaOf, TopologyConfig, TouchMaster};
use crate::session::{ReadFrom, without_login};
use crate::tls::AuthClients;
use crate::topology::{Observation, ServerRole, Topology};
use tidegate_wire::units::{HostPort, Secret};

impl Config {
    /// The warnings that need no answer of a server.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings: Vec<_> =
            without_effect(&self.replica, &self.topology).into_iter().collect();
        warnings.extend(sentinels_without_effect(&self.topology));
        let replica = &self.replica;
        if replica.enabled && replica.replica_priority != 0 && !replica.counts_as_replica {
            warnings.push(Warning::new(
                "replica.replica-priority",
                &replica.replica_priority,
                "Sentinel may promote the engine, and no WAIT counts its copy; set \
                 replica.counts-as-replica = true, or priority 0",
            ));
        }
        // Clients with a certificate that was checked are known.
        let is_open = |port: &ClientPort<'_>| {
            let is_checked = port.is_tls && self.auth_clients() == AuthClients::Yes;
            !port.addr.is_loopback() && !is_checked
        };
        let open = self.client_ports().into_iter().find(is_open);
        if let Some(port) = open.filter(|_| without_login(&self.accounts.acl).is_some()) {
            warnings.push(Warning::new(
                port.key,
                &format_args!("\"{}\"", port.addr),
                "every host that reaches this address can read and write without a password; set \
                 proxy.requirepass, or listen on 127.0.0.1",
            ));
        }
        warnings.extend(read_rules::warnings(&self.rules, &self.accounts.acl));
        warnings.extend(user_warnings::warnings(self));
        warnings
    }

    /// The warnings that need the servers' answers, which are `answers`.
    #[must_use]
    pub fn warnings_of_servers<'a>(
        &self,
        topology: &Topology,
        mut answers: impl Iterator<Item = (&'a HostPort, Result<&'a Observation, &'a str>)>,
    ) -> Vec<Warning> {
        let shard = topology.sole_shard();
        let master = shard.master();
        let of_master = answers.find(|(addr, _)| master.is_some_and(|it| it.addr == **addr));
        let attached = match of_master {
            Some((_, Ok(Observation { role: ServerRole::Master { replicas }, .. }))) => {
                Some(replicas.len())
            }
            _ => None,
        };
        let mut warnings = self.too_few_replicas(attached);
        warnings.extend(self.blind_eviction(shard.eviction.as_deref()));
        let known = |addr: &HostPort| topology.backends().any(|it| it.addr == *addr);
        // For listed replicas this is a mistake of the file. Otherwise only the master names them.
        if master.is_some() && self.topology.replicas.is_none() {
            for addr in self.reads.weights.keys().filter(|addr| !known(addr)) {
                warnings.push(Warning::new(
                    "reads.weights",
                    &format_args!("{{ \"{addr}\" = ... }}"),
                    "there is no such server, so this weight has no effect; write the address as \
                     PROXY TOPOLOGY shows it",
                ));
            }
        }
        warnings
    }

    /// The warning that a master with this eviction policy evicts keys that clients read at
    /// replicas, if `reads.touch-master` is off.
    #[must_use]
    pub fn blind_eviction(&self, policy: Option<&str>) -> Option<Warning> {
        let from_replicas =
            |port: &ClientPort<'_>| self.read_policy(Some(port.addr)).servers() != ReadFrom::Master;
        let is_blind = self.reads.touch_master == TouchMaster::Off
            && self.client_ports().iter().any(from_replicas);
        let policy = policy.filter(|_| is_blind)?;
        let text = format!(
            "the master's maxmemory-policy is {policy}, and it does not see reads at replicas, so \
             it may evict keys that clients read often; \"auto\" touches these keys at the master"
        );
        Some(Warning::new("reads.touch-master", &"\"off\"", &text))
    }

    /// Warnings of keys that need more replicas than there are; `attached` is how many the master
    /// has.
    fn too_few_replicas(&self, attached: Option<usize>) -> Vec<Warning> {
        let listed = self.topology.replicas.as_ref().map(Vec::len);
        let Some(count) = attached.max(listed) else { return Vec::new() };
        let count_text = match count {
            1 => "there is 1 replica".to_owned(),
            _ => format!("there are {count} replicas"),
        };
        let writes = &self.writes;
        let mut warnings = Vec::new();
        for (key, wanted, outcome) in [
            ("writes.min-replicas-to-write", writes.min_replicas_to_write, "is refused"),
            ("writes.wait-replicas", writes.wait_replicas, "is answered with -NOACK"),
        ] {
            if usize::try_from(wanted).is_ok_and(|wanted| wanted > count) {
                let text = format!(
                    "{count_text}, so every write {outcome}; lower this value or add replicas"
                );
                warnings.push(Warning::new(key, &wanted, &text));
            }
        }
        warnings
    }
}

/// The warning of `repl-ping-replica-period`, if it is set for an engine that is to be a replica only,
/// which pings no replicas of its own.
fn without_effect(replica: &Replica, topology: &TopologyConfig) -> Option<Warning> {
    const WHY: &str = "the engine is a replica and passes its master's pings on, so this key has \
                       no effect";
    let default = Replica::default();
    let period = replica.repl_ping_replica_period;
    // With a short repl-timeout the default would be a mistake: the file has to set this key.
    let is_needed = replica.repl_timeout <= default.repl_ping_replica_period;
    let may_lead = topology.is_embedded()
        || replica.replicaof == ReplicaOf::NoOne
        || replica.replica_priority > 0;
    let is_set = period != default.repl_ping_replica_period && !is_needed && !may_lead;
    let key = "replica.repl-ping-replica-period";
    is_set.then(|| Warning::new(key, &format_args!("\"{period:?}\""), WHY))
}

/// Warnings of keys about Sentinels that are set where no Sentinel is asked.
fn sentinels_without_effect(topology: &TopologyConfig) -> Vec<Warning> {
    if topology.uses_sentinel() {
        return Vec::new();
    }
    let default = TopologyConfig::default();
    let why = "no Sentinel is asked, so this key has no effect; list the Sentinels in \
               topology.sentinels";
    let name = (topology.master_name != default.master_name).then(|| {
        Warning::new("topology.master-name", &format_args!("{:?}", topology.master_name), why)
    });
    let password = (!topology.sentinel_password.is_empty())
        .then(|| Warning::new("topology.sentinel-password", &Secret::MASK, why));
    name.into_iter().chain(password).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::checking::lines::Lines;
    use crate::topology::{Backend, BackendId, Role, ServerVersion, Shard};

    fn config(text: &str) -> Config {
        Config::parse(text, "").unwrap()
    }

    #[track_caller]
    fn assert_warnings(text: &str, beginnings: &[&str]) {
        let shown: Vec<String> = config(text).warnings().iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), beginnings.len(), "{text}: {shown:?}");
        for (shown, beginning) in shown.iter().zip(beginnings) {
            assert!(shown.starts_with(beginning), "{shown}");
        }
    }

    #[test]
    fn keys_without_effect_are_warned_of() {
        assert_warnings("", &[]);
        assert_warnings("[replica]\nenabled = true\n", &[]);
        assert_warnings("[replica]\nreplica-priority = 5\n", &[]);
        assert_warnings(
            "[replica]\nenabled = true\nreplica-priority = 5\n",
            &["replica.replica-priority = 5: "],
        );
        assert_warnings(
            "[replica]\nrepl-ping-replica-period = \"10s\"\nrepl-backlog-size = \"1mb\"\n",
            &[],
        );
        assert_warnings(
            "[replica]\nrepl-timeout = \"9s\"\nrepl-ping-replica-period = \"2s\"\n",
            &[],
        );
        let period = "[replica]\nrepl-ping-slave-period = \"11s\"\nrepl-disable-tcp-nodelay = true\n\
                      repl-backlog-size = \"2mb\"\n";
        let warned = ["replica.repl-ping-replica-period = \"11s\": "];
        let master = "[topology]\nmaster = \"h:1\"\n";
        assert_warnings(&format!("{master}{period}"), &warned);
        // Engines that are masters, or may become one, ping.
        assert_warnings(period, &[]);
        assert_warnings(&format!("{master}{period}replicaof = \"no one\"\n"), &[]);
    }

    #[test]
    fn keys_about_sentinels_need_sentinels() {
        let keys = "[topology]\nmaster-name = \"orders\"\nsentinel-password = \"x\"\n";
        let warned =
            ["topology.master-name = \"orders\": no ", "topology.sentinel-password = ***: no "];
        assert_warnings(keys, &warned);
        assert_warnings(&format!("{keys}sentinels = [\"h:1\"]\n"), &[]);
    }

    #[test]
    fn an_open_port_without_a_password_is_warned_of() {
        for local in ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"] {
            assert_warnings(&format!("[proxy]\nlisten = [\"{local}:1\"]\n"), &[]);
        }
        for open in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "redis.example:1"] {
            let text = format!("[proxy]\nlisten = [\"127.0.0.1:2\", \"{open}\"]\n");
            assert_warnings(&text, &[&format!("proxy.listen = \"{open}\": ")]);
            assert_warnings(&format!("{text}requirepass = \"x\"\n"), &[]);
        }
    }

    #[test]
    fn a_line_is_that_of_the_key_under_any_of_its_names() {
        let text = "[topology]\nmaster = \"h:1\"\n[replica]\n\nrepl-ping-slave-period = \"11s\"\n[reads.weights]\n\"h:1\" = 2\n";
        let lines = Lines::in_text(text);
        assert_eq!(lines.of("replica.repl-ping-replica-period"), Some(5));
        assert_eq!(lines.of("reads.weights"), Some(6));
        assert_eq!(lines.of("reads.from"), None);
        let warning = &config(text).warnings()[0];
        assert!(warning.placed("a.toml", &lines).starts_with("a.toml:5: replica.repl-ping"));
        assert!(warning.placed("a.toml", &Lines::default()).starts_with("replica.repl-ping"));
    }

    #[track_caller]
    fn assert_warned_keys(text: &str, attached: Option<u16>, keys: &[&str]) {
        let config = config(text);
        let master = config.topology.named_master().unwrap();
        let replicas: Vec<_> = (1..=attached.unwrap_or(0)).map(HostPort::local).collect();
        let observation = Observation {
            role: ServerRole::Master { replicas },
            run_id: String::new(),
            replid: String::new(),
            replid2: String::new(),
            second_offset: None,
            version: ServerVersion::default(),
            loading: false,
            eviction: None,
            commands: 0,
            data_epoch: 0,
        };
        let backend = Backend {
            id: BackendId(1),
            addr: master.clone(),
            endpoint: None,
            role: Role::Master,
            weight: 1,
            scan_tag: 0,
            data_epoch: 0,
            excluded: None,
            is_local: false,
            pass: 0,
            health: std::sync::Arc::default(),
        };
        let backends = attached.map(|_| backend).into_iter().collect();
        let topology = Topology::of(Shard { backends, ..Shard::default() });
        let answer = attached.map(|_| (&master, Ok(&observation)));
        let shown = config.warnings_of_servers(&topology, answer.into_iter());
        assert_eq!(shown.iter().map(|it| &*it.key).collect::<Vec<_>>(), keys, "{shown:?}");
    }

    #[test]
    fn a_master_that_evicts_by_use_is_warned_of_if_touch_master_is_off() {
        let shown = |text: &str, policy| config(text).blind_eviction(policy).is_some();
        let off = "[reads]\ntouch-master = \"off\"\n";
        assert!(shown(off, Some("allkeys-lru")));
        assert!(!shown(off, None));
        assert!(!shown("", Some("allkeys-lru")));
        assert!(!shown(&format!("{off}from = \"master\"\n"), Some("allkeys-lru")));
    }

    #[test]
    fn more_replicas_than_there_are_is_warned_of() {
        let key = "writes.min-replicas-to-write";
        let text = "[writes]\nmin-replicas-to-write = 2\n";
        assert_warned_keys(text, Some(2), &[]);
        assert_warned_keys(text, Some(1), &[key]);
        assert_warned_keys(text, None, &[]);
        let listed = "[topology]\nreplicas = [\"h:1\"]\n";
        assert_warned_keys(&format!("{text}{listed}"), None, &[key]);
        assert_warned_keys(&format!("{text}{listed}"), Some(2), &[]);
        let wait = "[writes]\nwait-replicas = 3\n";
        assert_warned_keys(wait, Some(2), &["writes.wait-replicas"]);
    }

    #[test]
    fn weights_of_unknown_servers_are_warned_of() {
        let text = "[topology]\nmaster = \"m:1\"\n[reads.weights]\n\"x:1\" = 2\n\"m:1\" = 2\n";
        assert_warned_keys(text, Some(0), &["reads.weights"]);
        assert_warned_keys(text, None, &[]);
        assert_warned_keys(&text.replace("[reads", "replicas = [\"x:1\"]\n[reads"), Some(0), &[]);
    }
}
