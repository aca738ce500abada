//! How clients log in: passwords in files and the environment, aclfiles, certificates.

use std::fs;

use super::login;
use crate::support::*;
use crate::tls::{HOSTS, quoted, with_tls};

#[test]
fn an_aclfile_names_the_users_and_is_read_again_when_it_changes() {
    let trio = Trio::spawn(Flavor::Redis70);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("users.acl");
    fs::write(&file, "user default off\nuser app on >one ~* &* +@all\n").unwrap();
    let config = Tidegate::for_trio(&trio).set("proxy", "aclfile", &quoted(&file));
    let proxy = Tidegate::spawn_early(&config.toml());
    eventually(PATIENCE, || {
        let mut wire = Wire::try_connect(proxy.addr()).map_err(|error| error.to_string())?;
        match wire.cmd(&["AUTH", "app", "one"]) {
            reply if reply.is_err() => Err(format!("{reply:?}")),
            _ => Ok(()),
        }
    });
    let mut nobody = Wire::connect(proxy.addr());
    assert!(nobody.cmd(&["GET", "k"]).err().starts_with("NOAUTH"));
    let mut app = login(&proxy, "app", "one");
    assert_eq!(app.cmd(&["SET", "k", "v"]).str(), "OK");
    fs::write(&file, "user default off\nuser app on >two ~* &* +@all\n").unwrap();
    eventually(PATIENCE, || {
        let mut wire = Wire::connect(proxy.addr());
        match wire.cmd(&["AUTH", "app", "two"]) {
            reply if reply.is_err() => Err(format!("{reply:?}")),
            _ => Ok(()),
        }
    });
    assert_eq!(app.cmd(&["GET", "k"]).str(), "v");
    // A file with a mistake changes nothing.
    fs::write(&file, "user app on >three ~* +@nosuch\n").unwrap();
    eventually(PATIENCE, || {
        let log = proxy.log();
        if log.contains("nothing was reloaded") { Ok(()) } else { Err(log) }
    });
    login(&proxy, "app", "two");
}

#[test]
fn passwords_come_from_files_and_the_environment_and_are_logged_nowhere() {
    let server = RedisServer::builder(Flavor::Redis70).requirepass("back-secret").start();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("password");
    fs::write(&file, "back-secret\n").unwrap();
    let proxy = ConfigBuilder::new(server.addr(), &[])
        .set("topology", "masterauth-file", &quoted(&file))
        .extra("[[user]]\nname = \"app\"\npassword = \"${APP_PASSWORD}\"\nkeys = \"~*\"\ncommands = \"+@all\"")
        .env("APP_PASSWORD", "app-secret")
        .start();
    let mut wire = login(&proxy, "app", "app-secret");
    assert_eq!(wire.cmd(&["SET", "k", "v"]).str(), "OK");
    for _ in 0..3 {
        assert!(Wire::connect(proxy.addr()).cmd(&["AUTH", "app", "app-secreT"]).is_err());
    }
    let log = proxy.log();
    assert!(log.contains("a login failed") && !log.to_lowercase().contains("app-secret"), "{log}");
    assert!(!log.contains("back-secret"));
    let pages = get(&proxy, "/status").body + &get(&proxy, "/").body;
    assert!(!pages.contains("-secret"));
}

#[test]
fn a_certificate_logs_its_user_in() {
    let trio = Trio::spawn(Flavor::Redis70);
    let authority = Authority::new("authority");
    let (alice, mallory) = (authority.issue("alice", &[]), authority.issue("mallory", &[]));
    let (config, addr) = with_tls(super::config(&trio), &authority.issue("server", &HOSTS));
    let config = config
        .set("proxy", "tls-ca-cert-file", &quoted(&authority.file()))
        .set("proxy", "tls-auth-clients-user", "\"CN\"")
        .extra("[[user]]\nname = \"alice\"\nkeys = \"~a:*\"\ncommands = \"+@all\"");
    let _proxy = config.start();
    let tunnel = Tunnel::open(&authority.client().with(&alice), addr);
    let mut wire = Wire::connect(tunnel.addr());
    assert_eq!(wire.cmd(&["ACL", "WHOAMI"]).str(), "alice");
    assert_eq!(wire.cmd(&["SET", "a:1", "v"]).str(), "OK");
    assert!(wire.cmd(&["SET", "b:1", "v"]).err().starts_with("NOPERM"));
    let tunnel = Tunnel::open(&authority.client().with(&mallory), addr);
    let mut wire = Wire::connect(tunnel.addr());
    assert!(wire.cmd(&["GET", "a:1"]).err().starts_with("NOAUTH"));
    assert_eq!(wire.cmd(&["AUTH", "cache", "secret"]).str(), "OK");
}

/// Otherwise a user that was removed would get all rights of an open default user.
#[test]
fn a_certificate_of_no_user_logs_no_client_in() {
    let trio = Trio::spawn(Flavor::Redis70);
    let authority = Authority::new("authority");
    let (alice, mallory) = (authority.issue("alice", &[]), authority.issue("mallory", &[]));
    let config = Tidegate::for_trio(&trio);
    let (config, addr) = with_tls(config, &authority.issue("server", &HOSTS));
    let proxy = config
        .set("proxy", "tls-ca-cert-file", &quoted(&authority.file()))
        .set("proxy", "tls-auth-clients-user", "\"CN\"")
        .extra("[[user]]\nname = \"alice\"\nkeys = \"~*\"\ncommands = \"+@all\"\nmax-clients = 1")
        .start();
    let tunnel = Tunnel::open(&authority.client().with(&mallory), addr);
    assert!(Wire::connect(tunnel.addr()).cmd(&["GET", "k"]).err().starts_with("NOAUTH"));
    let tunnel = Tunnel::open(&authority.client().with(&alice), addr);
    let mut first = Wire::connect(tunnel.addr());
    assert_eq!(first.cmd(&["ACL", "WHOAMI"]).str(), "alice");
    let tunnel = Tunnel::open(&authority.client().with(&alice), addr);
    let mut second = Wire::connect(tunnel.addr());
    assert!(second.cmd(&["GET", "k"]).err().starts_with("NOAUTH"), "it has one client");
    assert!(proxy.log().contains("clients that do not log in are the user default"));
}
