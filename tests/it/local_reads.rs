//! `[reads] local`: the engine of the proxy's own process answers reads.

use std::time::Duration;

use crate::support::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// A proxy whose engine is its only replica.
fn proxy_of(master: &RedisServer, dir: &std::path::Path) -> Tidegate {
    ConfigBuilder::new(master.addr(), &[])
        .unset("topology", "replicas")
        .set("replica", "enabled", "true")
        .set("replica", "listen", "\"127.0.0.1:0\"")
        .set("replica", "dir", &format!("{dir:?}"))
        .set("reads", "local", "true")
        .set("admin", "commands", "\"master\"")
        .start()
}

#[test]
fn a_fresh_engine_answers_in_place() {
    for flavor in Flavor::ALL {
        let master = RedisServer::spawn(flavor);
        master.cmd(&["SET", "k", "1"]).ok();
        let dir = tempfile::tempdir().unwrap();
        let proxy = proxy_of(&master, dir.path());
        let mut wire = proxy.wire();
        eventually(PATIENCE, || {
            let explained = wire.cmd(&["PROXY", "EXPLAIN", "GET", "k"]).pairs();
            let why = explained.iter().find(|(key, _)| key.str() == "why").unwrap().1.clone();
            match why.str() {
                why if why.contains("proven to be fresh") => Ok(()),
                why => Err(why.to_owned()),
            }
        });
        let before = master.calls("get");
        for n in 0..100 {
            let value = n.to_string();
            wire.cmd(&["SET", "k", &value]).ok();
            eventually(PATIENCE, || match wire.cmd(&["GET", "k"]).str() {
                seen if seen == value => Ok(()),
                seen => Err(format!("{seen} instead of {value}")),
            });
        }
        assert_eq!(master.calls("get"), before, "{flavor:?}");
    }
}
