//! The engine's port, and embedded servers, with users.

use crate::support::*;

const APP: &str = "[[user]]\nname = \"app\"\npassword = \"secret\"\nkeys = \"~app:*\"\n\
                   commands = \"+@all -@dangerous -@admin\"";

#[test]
fn the_engines_port_has_the_users_of_the_proxy() {
    let trio = Trio::spawn(Flavor::Redis70);
    let port = ports::free_port();
    let dir = tempfile::tempdir().unwrap();
    let _proxy = Tidegate::for_trio(&trio)
        .set("replica", "enabled", "true")
        .set("replica", "listen", &format!("\"127.0.0.1:{port}\""))
        .set("replica", "dir", &format!("\"{}\"", dir.path().display()))
        .set("replica", "requirepass", "\"port\"")
        .extra(APP)
        .start();
    let addr = ([127, 0, 0, 1], port).into();
    let mut master = Wire::connect(trio.master.addr());
    master.cmd(&["SET", "app:1", "v"]);
    let mut wire = Wire::connect(addr);
    assert!(wire.cmd(&["GET", "app:1"]).err().starts_with("NOAUTH"));
    assert_eq!(wire.cmd(&["AUTH", "app", "secret"]).str(), "OK");
    eventually(PATIENCE, || match wire.cmd(&["GET", "app:1"]) {
        reply if reply.is_err() || reply.is_null() => Err(format!("{reply:?}")),
        _ => Ok(()),
    });
    assert!(
        wire.cmd(&["GET", "other"])
            .err()
            .starts_with("NOPERM this user has no permissions to access one of the keys")
    );
    for request in [
        &["SHUTDOWN", "NOSAVE"][..],
        &["REPLICAOF", "NO", "ONE"],
        &["CONFIG", "GET", "*"],
        &["DEBUG", "DIGEST"],
    ] {
        assert!(wire.cmd(request).err().starts_with("NOPERM"), "{request:?}");
    }
    // The rights hold within scripts, too.
    let cannot = "ERR The user executing the script can't ";
    for script in ["return redis.call('get', 'other')", "return redis.call('keys', 'app:1')"] {
        let reply = wire.cmd(&["EVAL_RO", script, "0"]);
        assert!(reply.err().starts_with(cannot), "{reply:?}");
    }
    assert_eq!(wire.cmd(&["EVAL_RO", "return redis.call('get', 'app:1')", "0"]).str(), "v");
    assert_eq!(wire.cmd(&["ACL", "WHOAMI"]).str(), "app");
    let mut operator = Wire::connect(addr);
    assert_eq!(operator.cmd(&["AUTH", "port"]).str(), "OK");
    assert_eq!(operator.cmd(&["ACL", "USERS"]).strings(), ["app", "default"]);
    let shown = format!("{:?}", operator.cmd(&["CONFIG", "GET", "*auth*"]));
    assert!(!shown.contains("secret") && !shown.contains("\"port\""), "{shown}");
}

#[test]
fn embedded_servers_are_closed_to_others_where_users_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let port = ports::free_port();
    let toml = format!(
        "[proxy]\nlisten = [\"127.0.0.1:{}\"]\n[topology]\nembedded-port = {port}\n\
         embedded-replicas = 0\n[replica]\ndir = \"{}\"\n[metrics]\nlisten = \"127.0.0.1:{}\"\n\
         [[user]]\nname = \"default\"\npassword = \"front\"\nkeys = \"~*\"\nchannels = \"&*\"\n\
         commands = \"+@all\"\n{APP}",
        tidegate::PORT,
        dir.path().display(),
        tidegate::METRICS_PORT
    );
    let proxy = Tidegate::spawn_early(&toml);
    let mut found = None;
    eventually(PATIENCE, || {
        let mut wire = Wire::try_connect(proxy.addr()).map_err(|error| error.to_string())?;
        match wire.cmd(&["AUTH", "app", "secret"]) {
            reply if reply.is_err() => return Err(format!("{reply:?}")),
            _ => found = Some(wire),
        }
        Ok(())
    });
    let mut wire = found.unwrap();
    assert_eq!(wire.cmd(&["SET", "app:1", "v"]).str(), "OK");
    assert_eq!(wire.cmd(&["GET", "app:1"]).str(), "v");
    let mut direct = Wire::connect(([127, 0, 0, 1], port).into());
    assert!(direct.cmd(&["GET", "app:1"]).err().starts_with("NOAUTH"));
}
