//! The keys of TLS, Unix sockets and the PROXY protocol.

use tidegate::config::CertUser;
use tidegate::tls::{AuthClients, Protocol};

use crate::{EVERYTHING, address, parse};

#[test]
fn every_value_about_tls_arrives_where_it_belongs() {
    let config = parse(EVERYTHING).unwrap();
    let proxy = &config.proxy;
    let socket = address("unix:/run/tidegate/tls.sock");
    assert_eq!(proxy.tls_listen, [address("0.0.0.0:6443"), socket]);
    assert_eq!((config.auth_clients(), proxy.unixsocketperm), (AuthClients::Optional, Some(0o770)));
    assert_eq!(proxy.tls_auth_clients_user, CertUser::CommonName);
    assert_eq!(proxy.tls_protocols, [Protocol::V13]);
    let trusted: Vec<_> = proxy.proxy_protocol_trusted.iter().map(ToString::to_string).collect();
    assert_eq!((proxy.proxy_protocol, trusted.join(" ")), (true, "10.0.0.0/8 fd00::1/128".into()));
    let shown: Vec<_> =
        config.certificates.leaves().map(|(key, leaf)| (key, &*leaf.subject)).collect();
    let subject = "CN=server.example";
    let keys = ["proxy.tls-cert-file", "topology.tls-client-cert-file"];
    assert_eq!(shown, keys.map(|key| (key, subject)));
    assert!(config.tls_to_servers().is_some() && config.tls_to_sentinels().is_none());
    assert!(config.tls_to_master().is_none(), "tls-replication is false");
    assert_eq!(config.replica.tls_listen, [address("0.0.0.0:6343")]);
    // Redis asks for certificates unless it is told otherwise.
    let files = "tls-cert-file = \"tests/config/certificates/server.crt\"\n\
                 tls-key-file = \"tests/config/certificates/server.key\"\n";
    let ca = "tls-ca-cert-file = \"tests/config/certificates/ca.crt\"";
    let auth = |text: String| parse(&text).unwrap().auth_clients();
    assert_eq!(auth(format!("[proxy]\n{files}{ca}")), AuthClients::Yes);
    assert_eq!(auth(format!("[proxy]\n{files}")), AuthClients::No);
}

#[test]
fn users_have_the_rights_of_their_rules() {
    let config = parse(EVERYTHING).unwrap();
    let lines = |acl: &tidegate_acl::Acl| -> Vec<String> {
        let lines = acl.lines().map(|line| String::from_utf8_lossy(&line).into_owned());
        lines.map(|line| line.replace(char::is_whitespace, " ")).collect()
    };
    let users = lines(&config.accounts.acl);
    assert_eq!(users.len(), 3, "{users:?}");
    assert!(users[0].starts_with("user cache on ") && users[0].contains("~cache:* %R~shared:*"));
    assert!(users[0].contains("&news:*") && users[0].contains(" -flushall "), "{}", users[0]);
    assert_eq!(users[0].matches(" #").count(), 2);
    assert!(users[1].starts_with("user default on ") && users[1].ends_with("~* &* +@all"));
    assert!(users[2].starts_with("user reports on ") && users[2].ends_with("-@all +get"));
    assert!(config.accounts.acl.authenticate(b"cache", b"password").is_ok(), "by its SHA-256");
    assert!(config.accounts.acl.authenticate(b"reports", b"hunter2-file").is_ok());
    assert!(config.accounts.acl.authenticate(b"default", b"hunter2-file").is_ok());
    assert!(config.accounts.engine.authenticate(b"default", b"hunter2-port").is_ok());
    let cache = config.accounts.account("cache").unwrap();
    assert_eq!((cache.max_clients, cache.rate.is_some()), (Some(100), true));
    assert_eq!(cache.login.as_ref().map(|login| login.user()), Some("cache"));
    let file = parse(include_str!("valid/aclfile.toml")).unwrap();
    assert!(file.accounts.acl.authenticate(b"cache", b"hunter2-cache").is_ok());
    assert!(file.accounts.acl.authenticate(b"default", b"").is_err(), "it is off");
    assert_eq!(parse("").unwrap().accounts.acl.users().count(), 1);
}
