//! What the log says about the embedded servers at the start.

use crate::config::{AppendFsync, Config};

/// Logs what runs, where the data are kept, what this mode promises, and how to name real servers.
pub(super) fn say(config: &Config, leader: usize) {
    lines(config, leader).iter().for_each(|line| tracing::info!("{line}"));
}

fn lines(config: &Config, leader: usize) -> Vec<String> {
    let servers = config.topology.embedded_servers();
    let mut replicas: Vec<_> = servers.iter().map(ToString::to_string).collect();
    let master = replicas.remove(leader.min(replicas.len().saturating_sub(1)));
    let replicas = match &replicas[..] {
        [] => "no replica".to_owned(),
        [one] => format!("its replica on {one}"),
        several => format!("its replicas on {}", several.join(" and ")),
    };
    let clients: Vec<_> = config.proxy.listen.iter().map(ToString::to_string).collect();
    let dir = super::settings::dir(config);
    let dir = std::path::absolute(&dir).unwrap_or(dir);
    let (kept, loss) = durability(config);
    vec![
        format!(
            "no server is configured, so servers run in this process: clients connect to {}, the \
             master listens on {master}, {replicas}",
            clients.join(" and ")
        ),
        format!("the data are kept in {}: {kept}", dir.display()),
        "this mode is for trying Tidegate, for tests, CI, and small use on one machine".to_owned(),
        format!(
            "it promises what a master with replicas in one process does: a crash of the process \
             {loss}"
        ),
        "to use your servers, write into proxy.toml: [topology] master = \"10.0.0.1:6379\" replicas \
         = [\"10.0.0.2:6379\"] (or sentinels = [\"10.0.0.1:26379\"])"
            .to_owned(),
    ]
}

/// How the data are kept, and what a crash loses.
const fn durability(config: &Config) -> (&'static str, &'static str) {
    let replica = &config.replica;
    match (replica.appendonly, replica.appendfsync) {
        (true, AppendFsync::Always) => {
            ("each write is in the append-only file", "loses no acknowledged write")
        }
        (true, AppendFsync::EverySec) => (
            "the append-only file is synced every second",
            "loses the writes of a second at most, and only with the whole machine",
        ),
        (true, AppendFsync::No) => (
            "the system decides when the append-only file is synced",
            "loses no write, one of the whole machine those not synced",
        ),
        (false, _) => ("saved when the process ends", "loses what was written since the last save"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_lines_say_where_what_listens() {
        let lines = lines(&Config::default(), 0);
        assert_eq!(lines.len(), 5);
        for part in ["127.0.0.1:6391", "127.0.0.1:6392 and 127.0.0.1:6393"] {
            assert!(lines[0].contains(part), "{}", lines[0]);
        }
        assert!(lines[1].contains("embedded") && lines[4].contains("[topology]"));
    }

    #[test]
    fn the_lines_say_what_a_crash_loses() {
        let mut config = Config::default();
        assert!(lines(&config, 0)[1].ends_with("saved when the process ends"));
        config.replica.appendonly = true;
        config.replica.appendfsync = AppendFsync::Always;
        let lines = lines(&config, 0);
        assert!(lines[1].ends_with("each write is in the append-only file"), "{}", lines[1]);
        assert!(lines[3].ends_with("loses no acknowledged write"), "{}", lines[3]);
    }
}
