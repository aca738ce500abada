//! Files of certificates: what is wrong with them, and their change while the proxy runs.

use std::fs;
use std::process::Command;

use super::{HOSTS, quoted, wait_log, with_tls};
use crate::support::*;

/// What `tidegate check` prints about this configuration, and whether it is valid.
fn check(toml: &str) -> (bool, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("proxy.toml");
    fs::write(&path, toml).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    let output = command.args(["check"]).arg(&path).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn check_says_what_is_wrong_with_the_files() {
    let authority = Authority::new("authority");
    let (one, other) = (authority.issue("one", &HOSTS), authority.issue("other", &HOSTS));
    let empty = authority.dir().join("empty");
    fs::write(&empty, "nothing").unwrap();
    let encrypted = authority.dir().join("encrypted");
    fs::write(&encrypted, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n").unwrap();
    let missing = authority.dir().join("missing");
    let toml = |cert: &std::path::Path, key: &std::path::Path, more: &str| {
        format!(
            "[proxy]\ntls-listen = [\"127.0.0.1:0\"]\ntls-cert-file = {}\ntls-key-file = {}\n{more}",
            quoted(cert),
            quoted(key)
        )
    };
    let (is_valid, text) = check(&toml(&one.cert, &one.key, ""));
    assert!(is_valid, "{text}");
    for (toml, expected) in [
        (toml(&one.cert, &other.key, ""), "proxy.tls-key-file"),
        (toml(&empty, &one.key, ""), "has no certificate"),
        (toml(&one.cert, &empty, ""), "has no private key"),
        (toml(&one.cert, &encrypted, ""), "encrypted with a password"),
        (toml(&missing, &one.key, ""), "cannot be read"),
        (toml(&one.cert, &one.key, "tls-auth-clients = \"yes\""), "needs proxy.tls-ca-cert-file"),
        (toml(&one.cert, &one.key, "tls-auth-clients-user = \"CN\""), "needs proxy.tls-ca-cert"),
        (toml(&one.cert, &one.key, "proxy-protocol = true"), "needs proxy-protocol-trusted"),
        ("[proxy]\ntls-listen = [\"127.0.0.1:0\"]".to_owned(), "needs proxy.tls-cert-file"),
        ("[topology]\ntls = true".to_owned(), "have no TLS"),
    ] {
        let (is_valid, text) = check(&toml);
        assert!(!is_valid && text.contains(expected), "{toml}\n{text}");
    }
}

#[test]
fn certificates_are_replaced_without_a_restart_and_a_bad_pair_changes_nothing() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let issued = old.issue("server", &HOSTS);
    let renewed = new.issue("renewed", &HOSTS);
    let (config, addr) = with_tls(ConfigBuilder::new(server.addr(), &[]), &issued);
    let proxy = config.start();
    let tunnel = Tunnel::open(&old.client(), addr);
    let mut before = Wire::connect(tunnel.addr());
    assert_eq!(before.cmd(&["PING"]).str(), "PONG");
    // The certificate alone does not fit the key.
    fs::copy(&renewed.cert, &issued.cert).unwrap();
    wait_log(&proxy, "nothing was reloaded");
    assert_eq!(old.client().ping(addr).unwrap().0, "+PONG");
    assert!(proxy.log().contains("proxy.tls-key-file"), "{}", proxy.log());
    fs::copy(&renewed.key, &issued.key).unwrap();
    eventually(PATIENCE, || new.client().ping(addr).map(drop));
    old.client().ping(addr).unwrap_err();
    assert_eq!(before.cmd(&["PING"]).str(), "PONG", "the open connection goes on");
    let metrics = Scrape::of(&proxy);
    let name = "tidegate_tls_certificate_not_after_timestamp_seconds";
    assert!(metrics.value(name, &[("key", "proxy.tls-cert-file")]).unwrap() > 1.7e9);
}
