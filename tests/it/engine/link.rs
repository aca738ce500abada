//! The engine follows real masters: full and partial resyncs, offsets, transactions.

use std::sync::Arc;

use arc_swap::ArcSwap;

use ::tidegate::config::Config;
use ::tidegate::engine::{self, Engine};
use ::tidegate::topology::Topology;
use tidegate_store::CallContext;
use tidegate_wire::resp::RespVersion;

use crate::support::*;

/// An engine in the test's own process, which follows `master`.
fn engine_of(master: std::net::SocketAddr, dir: &std::path::Path) -> Arc<Engine> {
    let text = format!(
        "[topology]\nmaster = \"127.0.0.1:1\"\n[replica]\nenabled = true\nlisten = \"127.0.0.1:0\"\nreplicaof = \"{master}\"\ndir = {dir:?}\n"
    );
    let config = Arc::new(ArcSwap::from_pointee(Config::parse(&text, "test").unwrap()));
    let engine =
        Arc::new(Engine::new(config, Arc::new(ArcSwap::from_pointee(Topology::default()))));
    engine::start(&engine).unwrap();
    engine
}

fn get(engine: &Engine, key: &str) -> String {
    let mut out = Vec::new();
    let context = CallContext { db: 0, now_ms: 0, version: RespVersion::V2 };
    engine.store().read(context, &[b"GET", key.as_bytes()], &mut out);
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn wait_for(engine: &Engine, master: &RedisServer) {
    let target = master.offset();
    eventually(PATIENCE, || match engine.applied().get() {
        at if at >= target as u64 => Ok(()),
        at => Err(format!("engine at {at}, master at {target}")),
    });
}

#[test]
fn strings_come_with_the_snapshot_and_with_the_stream() {
    for flavor in Flavor::ALL {
        let master = RedisServer::spawn(flavor);
        master.cmd(&["SET", "before", "1"]).ok();
        let dir = tempfile::tempdir().unwrap();
        let engine = engine_of(master.addr(), dir.path());
        eventually(PATIENCE, || {
            if engine.applied().get() > 0 || get(&engine, "before") != "$-1\r\n" {
                Ok(())
            } else {
                Err("no data".into())
            }
        });
        assert_eq!(get(&engine, "before"), "$1\r\n1\r\n");
        master.cmd(&["SET", "after", "2"]).ok();
        wait_for(&engine, &master);
        assert_eq!(get(&engine, "after"), "$1\r\n2\r\n", "{flavor:?}");
    }
}
