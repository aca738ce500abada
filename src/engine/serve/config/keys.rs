//! The keys that CONFIG knows. Keys of `[replica]` under their names in redis.conf may be set;
//! other keys that tools ask for are only reported.

use crate::config::{Config, OutputClass, ReplicaOf, Secret};
use crate::engine::Engine;
use tidegate_wire::units::ByteSize;

/// How redis.conf writes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `yes` or `no`.
    Flag,
    /// An integer between these.
    Number(i64, i64),
    /// A number of seconds between these.
    Seconds(i64, i64),
    /// A number of milliseconds between these.
    Milliseconds(i64, i64),
    /// A number of bytes, perhaps with a unit.
    Memory,
    /// A text of any form.
    Text,
}

/// A key of `[replica]` that CONFIG SET may change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settable {
    /// Its name, in redis.conf and in `proxy.toml`.
    pub(super) name: &'static str,
    /// Its older name.
    pub(super) alias: Option<&'static str>,
    pub(super) form: Form,
    /// Returns its value, as redis.conf writes it.
    pub(super) shown: fn(&Config) -> String,
}

const fn key(name: &'static str, form: Form, shown: fn(&Config) -> String) -> Settable {
    Settable { name, alias: None, form, shown }
}

impl Settable {
    const fn or(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }

    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.alias == Some(name)
    }
}

/// The keys that CONFIG SET may change.
pub(super) const SETTABLE: &[Settable] = &[
    key("masteruser", Form::Text, |it| it.replica.masteruser.clone()),
    key("masterauth", Form::Text, |it| masked(&it.replica.masterauth)),
    key("requirepass", Form::Text, |it| masked(it.replica_password())),
    key("tls-replication", Form::Flag, |it| {
        flag(it.replica.tls_replication.unwrap_or(it.topology.tls))
    }),
    key("replica-announce-ip", Form::Text, |it| it.replica.replica_announce_ip.clone())
        .or("slave-announce-ip"),
    key("replica-announce-port", Form::Number(0, 65_535), |it| {
        it.replica.replica_announce_port.to_string()
    })
    .or("slave-announce-port"),
    key("replica-announced", Form::Flag, |it| flag(it.replica.replica_announced)),
    key("replica-priority", Form::Number(0, 0x7fff_ffff), |it| {
        it.replica.replica_priority.to_string()
    })
    .or("slave-priority"),
    key("counts-as-replica", Form::Flag, |it| flag(it.replica.counts_as_replica)),
    key("replica-serve-stale-data", Form::Flag, |it| flag(it.replica.replica_serve_stale_data))
        .or("slave-serve-stale-data"),
    key("replica-read-only", Form::Flag, |it| flag(it.replica.replica_read_only))
        .or("slave-read-only"),
    key("repl-timeout", Form::Seconds(1, 3600), |it| it.replica.repl_timeout.as_secs().to_string()),
    key("repl-ping-replica-period", Form::Seconds(1, 3600), |it| {
        it.replica.repl_ping_replica_period.as_secs().to_string()
    })
    .or("repl-ping-slave-period"),
    key("repl-disable-tcp-nodelay", Form::Flag, |it| flag(it.replica.repl_disable_tcp_nodelay)),
    key("repl-backlog-size", Form::Memory, |it| it.replica.repl_backlog_size.bytes().to_string()),
    key("repl-backlog-ttl", Form::Seconds(0, 365 * 86_400), |it| {
        it.replica.repl_backlog_ttl.as_secs().to_string()
    }),
    key("repl-diskless-sync", Form::Flag, |it| flag(it.replica.repl_diskless_sync)),
    key("repl-diskless-sync-delay", Form::Seconds(0, 3600), |it| {
        it.replica.repl_diskless_sync_delay.as_secs().to_string()
    }),
    key("repl-diskless-sync-max-replicas", Form::Number(0, 0x7fff_ffff), |it| {
        it.replica.repl_diskless_sync_max_replicas.to_string()
    }),
    key("client-output-buffer-limit-replica", Form::Text, |it| {
        class(&it.replica.client_output_buffer_limit_replica)
    }),
    key("min-replicas-to-write", Form::Number(0, 0x7fff_ffff), |it| {
        it.replica.min_replicas_to_write.to_string()
    })
    .or("min-slaves-to-write"),
    key("min-replicas-max-lag", Form::Seconds(0, 3600), |it| {
        it.replica.min_replicas_max_lag.as_secs().to_string()
    })
    .or("min-slaves-max-lag"),
    key("maxmemory", Form::Memory, |it| bytes(it.replica.maxmemory)),
    key("maxmemory-policy", Form::Text, |it| it.replica.maxmemory_policy.name().to_owned()),
    key("maxmemory-samples", Form::Number(1, 64), |it| it.replica.maxmemory_samples.to_string()),
    key("notify-keyspace-events", Form::Text, |it| it.replica.notify_keyspace_events.clone()),
    key("busy-reply-threshold", Form::Milliseconds(1, 3_600_000), |it| {
        it.replica.busy_reply_threshold.as_millis().to_string()
    })
    .or("lua-time-limit"),
    key("tracking-table-max-keys", Form::Number(0, 0x7fff_ffff), |it| {
        it.replica.tracking_table_max_keys.to_string()
    }),
    key("shutdown-timeout", Form::Seconds(0, 3600), |it| {
        it.replica.shutdown_timeout.as_secs().to_string()
    }),
    key("dir", Form::Text, |it| it.replica.dir.clone()),
    key("dbfilename", Form::Text, |it| it.replica.dbfilename.clone()),
    key("save", Form::Text, |it| it.replica.save.to_string()),
    key("stop-writes-on-bgsave-error", Form::Flag, |it| {
        flag(it.replica.stop_writes_on_bgsave_error)
    }),
    key("appendonly", Form::Flag, |it| flag(it.replica.appendonly)),
    key("appendfsync", Form::Text, |it| it.replica.appendfsync.word().to_owned()),
    key("no-appendfsync-on-rewrite", Form::Flag, |it| flag(it.replica.no_appendfsync_on_rewrite)),
    key("auto-aof-rewrite-percentage", Form::Number(0, 0x7fff_ffff), |it| {
        it.replica.auto_aof_rewrite_percentage.to_string()
    }),
    key("auto-aof-rewrite-min-size", Form::Memory, |it| {
        it.replica.auto_aof_rewrite_min_size.bytes().to_string()
    }),
    key("aof-load-truncated", Form::Flag, |it| flag(it.replica.aof_load_truncated)),
];

/// Returns the key of this name that CONFIG SET may change.
pub(super) fn settable(name: &str) -> Option<&'static Settable> {
    SETTABLE.iter().find(|key| key.is_called(name))
}

/// Returns every name that CONFIG GET knows, with its value.
pub(super) fn all(engine: &Engine, config: &Config) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for key in SETTABLE {
        let value = match key.name {
            // Servers report the absolute path.
            "dir" => engine.full_dir(),
            _ => (key.shown)(config),
        };
        all.extend(key.alias.map(|alias| (alias.to_owned(), value.clone())));
        all.push((key.name.to_owned(), value));
    }
    all.extend(fixed(engine, config).into_iter().map(|(name, value)| (name.to_owned(), value)));
    // Another engine that follows this one asks for the master's thresholds.
    let store = engine.store();
    all.extend(store.packing().all(store.dialect()));
    all
}

/// Whether CONFIG GET knows the name and CONFIG SET refuses it.
pub(super) fn is_fixed(engine: &Engine, config: &Config, name: &str) -> bool {
    fixed(engine, config).iter().any(|(own, _)| *own == name)
}

fn fixed(engine: &Engine, config: &Config) -> Vec<(&'static str, String)> {
    let replica = &config.replica;
    let hosts: Vec<_> = replica.listen.iter().map(|addr| addr.host.as_str()).collect();
    let master = match &replica.replicaof {
        ReplicaOf::NoOne => None,
        ReplicaOf::Server(server) => Some(server.clone()),
        ReplicaOf::Topology => engine.wanted_master(),
    };
    let master = master.map_or_else(String::new, |it| format!("{} {}", it.host, it.port));
    let output = config.proxy.client_output_buffer_limit.map_or(0, ByteSize::bytes);
    let pubsub = class(&config.proxy.client_output_buffer_limit_pubsub);
    let slave = class(&replica.client_output_buffer_limit_replica);
    let seconds = |time: Option<std::time::Duration>| {
        time.map_or_else(|| "0".to_owned(), |time| time.as_secs().to_string())
    };
    let text = |text: &str| text.to_owned();
    vec![
        ("port", engine.port().unwrap_or_default().to_string()),
        ("bind", hosts.join(" ")),
        ("replicaof", master.clone()),
        ("slaveof", master),
        ("databases", replica.databases.to_string()),
        ("maxclients", config.proxy.max_clients.to_string()),
        ("timeout", seconds(config.proxy.timeout)),
        ("tcp-keepalive", seconds(config.proxy.tcp_keepalive)),
        ("proto-max-bulk-len", config.proxy.proto_max_bulk_len.bytes().to_string()),
        ("client-query-buffer-limit", config.proxy.query_buffer_limit.bytes().to_string()),
        (
            "client-output-buffer-limit",
            format!("normal {output} 0 0 slave {slave} pubsub {pubsub}"),
        ),
        ("appendfilename", replica.appendfilename.clone()),
        ("appenddirname", replica.appenddirname.clone()),
        ("aof-use-rdb-preamble", text("yes")),
        ("aof-timestamp-enabled", text("no")),
        ("cluster-enabled", text("no")),
        ("replica-ignore-maxmemory", text("yes")),
        ("slave-ignore-maxmemory", text("yes")),
        ("slowlog-log-slower-than", text("-1")),
        ("slowlog-max-len", text("0")),
        ("latency-monitor-threshold", text("0")),
        ("tls-port", text("0")),
    ]
}

/// Returns whether there is a secret, for CONFIG GET.
fn masked(secret: &Secret) -> String {
    if secret.is_empty() { "" } else { "***" }.to_owned()
}

fn flag(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn class(limits: &OutputClass) -> String {
    format!("{} {} {}", bytes(limits.hard), bytes(limits.soft), limits.soft_for.as_secs())
}

fn bytes(size: Option<ByteSize>) -> String {
    size.map_or(0, ByteSize::bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Applies;

    /// The file accepts each value that CONFIG GET reports.
    #[test]
    fn bounds_are_those_of_the_file() {
        for key in SETTABLE {
            let (Form::Number(min, max) | Form::Seconds(min, max) | Form::Milliseconds(min, max)) =
                key.form
            else {
                continue;
            };
            let toml = |number: i64| match key.form {
                Form::Seconds(..) => format!("\"{number}s\""),
                Form::Milliseconds(..) => format!("\"{number}ms\""),
                _ => number.to_string(),
            };
            let mut config = Config::default();
            // Pings have to be more frequent than the silence that ends a link.
            config.replica.repl_timeout = std::time::Duration::from_secs(3600);
            if key.name == "repl-timeout" {
                config.replica.repl_ping_replica_period = std::time::Duration::ZERO;
            }
            for (number, is_good) in [(min, true), (min - 1, false), (max + 1, false)] {
                let new = config.with_replica(&[(key.name, toml(number))]);
                assert_eq!(new.is_ok(), is_good, "{} {number} {new:?}", key.name);
            }
        }
    }

    /// Every key of `[replica]` is either here or changes nothing before the next start.
    #[test]
    fn no_key_is_forgotten() {
        let keys = Config::keys().into_iter().filter(|key| key.section == "replica");
        for key in keys.filter(|key| key.applies == Applies::Live && key.name != "replicaof") {
            let own = settable(key.name).expect(key.name);
            assert_eq!(own.alias.as_slice(), key.aliases, "{}", key.name);
        }
    }
}
