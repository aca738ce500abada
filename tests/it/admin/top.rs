//! `tidegate top`, without a terminal.

use std::process::{Command, Output};

use crate::support::*;

fn top(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_tidegate");
    Command::new(program).arg("top").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn once_prints_every_table() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    wait_serving(&proxy, 2);
    let url = format!("http://{}", proxy.metrics_addr());
    let config = proxy.config_path();
    for arguments in [vec![&*url], vec!["--config", config.to_str().unwrap()]] {
        let output = top(&[&arguments[..], &["--once"]].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let shown = text(&output.stdout);
        for addr in [trio.master.addr(), trio.replicas[0].addr(), trio.replicas[1].addr()] {
            assert!(shown.contains(&addr.to_string()), "{shown}");
        }
        for part in ["Tidegate ", "write gate open", "STATE", "master", "CLASS", "pinned"] {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
    }
    let output = top(&[&url, "--once", "--json"]);
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["master"], status(&proxy)["master"]);
    assert_eq!(text(&output.stdout).lines().count(), 1);
    let output = top(&[&url]);
    assert!(!output.status.success() && text(&output.stderr).contains("no terminal"));
}

#[test]
fn a_proxy_that_does_not_answer_is_named() {
    let addr = format!("127.0.0.1:{}", ports::free_port());
    let output = top(&[&addr, "--once"]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains(&format!("no proxy answers at http://{addr}")), "{told}");
    let server = RedisServer::spawn(Flavor::Redis70);
    let output = top(&[&server.addr().to_string(), "--once"]);
    assert!(text(&output.stderr).contains("not what a Tidegate answers"));
    let output = top(&["http://x/y", "--once"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let output = top(&["--interval", "0"]);
    assert!(text(&output.stderr).contains("seconds from 0.1 to 3600"));
}
