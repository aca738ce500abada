//! PROXY and its subcommands: their arguments, their rights, and their place in a session.

use super::{LINES, explain, open, text};
use crate::support::*;

#[test]
fn read_only_subcommands_are_open_and_others_need_admin_commands() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(server.addr(), &[]).start();
    let mut wire = proxy.wire();
    let open: [&[&str]; 4] = [
        &["PROXY", "HELP"],
        &["proxy", "topology"],
        &["PROXY", "TOPOLOGY", "JSON"],
        &["PROXY", "EXPLAIN", "GET", "k"],
    ];
    for request in open {
        let reply = wire.cmd(request);
        assert!(!reply.is_err(), "{request:?}: {reply:?}");
    }
    let error = wire.cmd(&["PROXY", "RELOAD"]);
    assert!(error.err().starts_with("NOPERM 'proxy|reload'"), "{error:?}");
    // EXPLAIN tells the same.
    for request in ["PROXY RELOAD", "CONFIG GET save", "SHUTDOWN"] {
        let told = explain(&mut wire, request);
        assert_eq!(text(&told, "route"), "none", "{request}");
        assert!(text(&told, "why").contains("\"deny\" refuses"), "{request}: {told:?}");
    }
    let locked =
        ConfigBuilder::new(server.addr(), &[]).set("proxy", "requirepass", "\"secret\"").start();
    for request in open {
        assert!(locked.wire().cmd(request).err().starts_with("NOAUTH"), "{request:?}");
    }
    let mut wire = locked.wire();
    wire.cmd(&["AUTH", "secret"]).ok();
    assert!(!wire.cmd(&["PROXY", "TOPOLOGY"]).is_err());
}

#[test]
fn wrong_subcommands_get_redis_errors() {
    let (_trio, proxy) = open();
    let mut wire = proxy.wire();
    for (request, error) in [
        (&["PROXY"][..], "ERR wrong number of arguments for 'proxy' command"),
        (&["PROXY", "HELP", "x"], "ERR wrong number of arguments for 'proxy|help' command"),
        (&["PROXY", "EXPLAIN"], "ERR wrong number of arguments for 'proxy|explain' command"),
        (&["PROXY", "Reload", "x"], "ERR wrong number of arguments for 'proxy|reload' command"),
        (&["PROXY", "TOPOLOGY", "YAML"], "ERR syntax error"),
        (&["PROXY", "TOPOLOGY", "JSON", "x"], "ERR syntax error"),
        (&["PROXY", "Nonsense"], "ERR unknown subcommand 'Nonsense'. Try PROXY HELP."),
        (&["PROXY", "x\r\ny", "z"], "ERR unknown subcommand 'x  y'. Try PROXY HELP."),
    ] {
        assert_eq!(wire.cmd(request).err(), error);
    }
    // It cannot be queued, and fails the transaction as what Redis refuses does.
    let replies = wire.pipeline(&[&["MULTI"], &["PROXY", "HELP"], &["SET", "k", "v"], &["EXEC"]]);
    assert!(replies[1].err().contains("not possible in a transaction"), "{replies:?}");
    assert!(replies[3].err().starts_with("EXECABORT"), "{replies:?}");
    assert!(wire.cmd(&["GET", "k"]).is_null());
    // A pause of the clients is none for the operator.
    wire.cmd(&["CLIENT", "PAUSE", "60000", "ALL"]).ok();
    assert_eq!(wire.cmd(&["PROXY", "TOPOLOGY"]).array().len(), LINES);
}

#[test]
fn help_lists_every_subcommand() {
    let (_trio, proxy) = open();
    let mut wire = proxy.wire();
    let lines = wire.cmd(&["proxy", "help"]);
    assert!(lines.array().iter().all(|line| matches!(line, Reply::Simple(_))), "{lines:?}");
    let lines = lines.strings();
    for name in ["EXPLAIN <command> [<arg> ...]", "RELOAD", "TOPOLOGY [JSON]", "HELP"] {
        assert!(lines.contains(&name.to_owned()), "{lines:?}");
    }
}

/// Until RESET, the requests of a monitor or of a subscriber in RESP2 go to its server, which has
/// no PROXY command. With replies off the client gets nothing.
#[test]
fn every_state_of_a_session_has_its_answer() {
    let (_trio, proxy) = open();
    for state in [&["SUBSCRIBE", "c"][..], &["MONITOR"]] {
        let mut wire = proxy.wire();
        wire.cmd(state);
        wire.send(&["PROXY", "RELOAD"]);
        let error = eventually(PATIENCE, || match wire.read_reply() {
            Reply::Error(text) => Ok(text),
            heard => Err(format!("{heard:?}")),
        });
        assert!(error.starts_with("ERR unknown command"), "{error}");
    }
    let mut pushed = Wire::connect3(proxy.addr());
    pushed.cmd(&["SUBSCRIBE", "c"]);
    assert_eq!(pushed.cmd(&["PROXY", "TOPOLOGY"]).array().len(), LINES);
    pushed.cmd(&["PROXY", "RELOAD"]).ok();
    let mut watching = proxy.wire();
    watching.cmd(&["WATCH", "k"]).ok();
    watching.cmd(&["PROXY", "RELOAD"]).ok();
    assert_eq!(text(&explain(&mut watching, "PROXY HELP"), "route"), "proxy");
    let mut silent = proxy.wire();
    silent.send(&["CLIENT", "REPLY", "OFF"]);
    silent.send(&["PROXY", "RELOAD"]);
    silent.send(&["PROXY", "EXPLAIN", "GET", "k"]);
    silent.cmd(&["CLIENT", "REPLY", "ON"]).ok();
    silent.send(&["CLIENT", "REPLY", "SKIP"]);
    silent.send(&["PROXY", "RELOAD"]);
    assert_eq!(silent.cmd(&["PROXY", "TOPOLOGY"]).array().len(), LINES);
}
