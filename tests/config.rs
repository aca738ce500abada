//! `proxy.toml`: the shipped file, good files, and one file per mistake.

use tidegate::config::Config;

const SHIPPED: &str = include_str!("../proxy.toml");

#[test]
fn the_shipped_file_is_the_defaults_and_two_replicas() {
    let mut config = Config::parse(SHIPPED, "proxy.toml").unwrap();
    let replicas = config.topology.replicas.take().unwrap();
    let shown: Vec<_> = replicas.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["127.0.0.1:6380", "127.0.0.1:6381"]);
    assert_eq!(config, Config::default());
}
