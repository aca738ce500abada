//! Servers load the files of the engine, and the engine loads the files of servers.

use super::{copy, engine_of, fill, wait_for_log};
use crate::support::local::each_flavor;
use crate::support::*;

/// A server of this version with the data of an append-only file; `None` where it needs an older
/// form.
fn loaded(flavor: Flavor, dir: &std::path::Path) -> RedisServer {
    let copied = tempfile::tempdir().unwrap();
    copy(dir, copied.path());
    let words = ["--dir", copied.path().to_str().unwrap(), "--appendonly", "yes"];
    RedisServer::builder(flavor).args(&words).start()
}

#[test]
fn servers_load_what_the_engine_wrote() {
    each_flavor(|flavor| {
        if flavor == Flavor::Redis62 {
            // It knows no manifest.
            return;
        }
        let master = RedisServer::spawn(flavor);
        fill(&master, "before:");
        let dir = tempfile::tempdir().unwrap();
        let port = ReplicaPort::synced(&engine_of(&master, dir.path()), &master);
        wait_for_log(&port);
        let base = loaded(flavor, dir.path());
        assert_eq!(base.digest(), master.digest(), "{flavor:?}");
        fill(&master, "after:");
        master.cmd(&["PUBLISH", "channel", "message"]);
        port.wait_for(&master);
        eventually(PATIENCE, || {
            let server = loaded(flavor, dir.path());
            let (there, here) = (server.digest(), master.digest());
            if there == here { Ok(()) } else { Err(format!("{there} {here}")) }
        });
        assert!(!port.cmd(&["BGREWRITEAOF"]).is_err());
        wait_for_log(&port);
        let manifest = dir.path().join("appendonlydir/appendonly.aof.manifest");
        eventually(PATIENCE, || {
            let text = std::fs::read_to_string(&manifest).unwrap();
            let wanted = "file appendonly.aof.2.base.rdb seq 2 type b\n\
                file appendonly.aof.2.incr.aof seq 2 type i\n";
            if text == wanted { Ok(()) } else { Err(text) }
        });
        fill(&master, "rewritten:");
        port.wait_for(&master);
        eventually(PATIENCE, || {
            let server = loaded(flavor, dir.path());
            let (there, here) = (server.digest(), master.digest());
            if there == here { Ok(()) } else { Err(format!("{there} {here}")) }
        });
    });
}

#[test]
fn the_engine_loads_what_servers_wrote() {
    each_flavor(|flavor| {
        let server = RedisServer::builder(flavor).args(&["--appendonly", "yes"]).start();
        fill(&server, "before:");
        server.cmd(&["BGREWRITEAOF"]);
        eventually(PATIENCE, || {
            let info = server.info("persistence");
            let is_over = info.get("aof_rewrite_in_progress") == Some("0")
                && info.get("aof_rewrite_scheduled") == Some("0");
            if is_over { Ok(()) } else { Err(info.0) }
        });
        if flavor != Flavor::Redis62 {
            server.cmd(&["CONFIG", "SET", "aof-timestamp-enabled", "yes"]).ok();
        }
        fill(&server, "after:");
        server.cmd(&["CONFIG", "SET", "appendfsync", "always"]).ok();
        let (digest, keys) = (server.digest(), server.cmd(&["DBSIZE"]));
        let dir = tempfile::tempdir().unwrap();
        copy(server.dir(), dir.path());
        // Nothing listens there.
        let nowhere = RedisServer::spawn(Flavor::Redis70);
        let config = engine_of(&nowhere, dir.path());
        drop(nowhere);
        let port = ReplicaPort::start(&config);
        eventually(PATIENCE, || {
            let there = port.cmd(&["DEBUG", "DIGEST"]);
            if !there.is_err() && there.str() == digest {
                Ok(())
            } else {
                Err(format!("{flavor:?} {there:?}\n{}", port.proxy.log()))
            }
        });
        assert_eq!(port.cmd(&["DBSIZE"]), keys);
    });
}
