//! The pages of `metrics.listen` with a login, and with HTTPS.

use std::net::SocketAddr;

use crate::support::*;
use crate::tls::{HOSTS, with_tls};

fn page(addr: SocketAddr, path: &str, authorization: &str) -> Page {
    http(addr, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n{authorization}\r\n"))
}

#[test]
fn pages_ask_for_a_password_or_a_token() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(server.addr(), &[])
        .set("metrics", "username", "\"ops\"")
        .set("metrics", "password", "\"pages\"")
        .set("metrics", "bearer-token", "\"token\"")
        .start();
    let addr = proxy.metrics_addr();
    for path in ["/", "/status", "/metrics", "/events", "/nosuch"] {
        assert_eq!(page(addr, path, "").status, 401, "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert!(page(addr, path, "").status == 200, "{path}");
    }
    assert!(page(addr, "/status", "").head.contains("www-authenticate: basic"));
    let basic = "Authorization: Basic b3BzOnBhZ2Vz\r\n";
    for right in [basic, "Authorization: Bearer token\r\n"] {
        assert!(page(addr, "/status", right).status == 200, "{right}");
    }
    assert!(page(addr, "/status", "Authorization: Bearer x\r\n").status == 401);
}

#[test]
fn pages_are_shown_over_https() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let authority = Authority::new("authority");
    let issued = authority.issue("server", &HOSTS);
    let (config, _) = with_tls(ConfigBuilder::new(server.addr(), &[]), &issued);
    let proxy = config.set("metrics", "tls", "true").start();
    let tunnel = Tunnel::open(&authority.client(), proxy.metrics_addr());
    let page = page(tunnel.addr(), "/status", "");
    assert!(page.status == 200 && page.body.contains("\"version\""));
}

/// What `tidegate top --once` prints.
fn top(args: &[&str]) -> (bool, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tidegate"));
    let output = command.args(["top", "--once"]).args(args).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn top_asks_over_https_and_logs_in() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let authority = Authority::new("authority");
    let issued = authority.issue("server", &HOSTS);
    let (config, _) = with_tls(ConfigBuilder::new(server.addr(), &[]), &issued);
    let proxy = config
        .set("metrics", "tls", "true")
        .set("metrics", "username", "\"ops\"")
        .set("metrics", "password", "\"pages\"")
        .start();
    let ca = authority.file();
    let ca = ca.to_str().unwrap();
    let url = |login: &str| format!("https://{login}{}", proxy.metrics_addr());
    let (is_shown, text) = top(&[&url("ops:pages@"), "--cacert", ca]);
    assert!(is_shown && text.contains(&server.addr().to_string()), "{text}");
    let (is_shown, text) = top(&[&url(""), "--cacert", ca]);
    assert!(!is_shown && text.contains("asks for a login"), "{text}");
    let config = proxy.config_path();
    let (is_shown, text) = top(&["--config", config.to_str().unwrap(), "--cacert", ca]);
    assert!(is_shown, "{text}");
}
