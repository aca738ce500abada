//! `deploy/systemd/`, parsed; and, where systemd is installed, verified by it.

use std::process::Command;

use tidegate::config::Config;

use crate::{agrees, read};

/// The values of a key, in order.
fn values(key: &str) -> Vec<String> {
    let text = read("deploy/systemd/tidegate.service");
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.filter(|pair| pair.0 == key).map(|pair| pair.1.to_owned()).collect()
}

#[test]
fn systemd_verifies_it() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        // A bare Debian in a container has none; what matters most is looked up below.
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let unit = dir.path().join("tidegate.service");
    // It looks for the program.
    let text = read("deploy/systemd/tidegate.service").replace("/usr/bin/tidegate", "/bin/true");
    // Nor does it know the user and the manual page before they are installed.
    let text = text.replace("Documentation=", "# ");
    std::fs::write(&unit, text).unwrap();
    let socket = dir.path().join("tidegate.socket");
    std::fs::write(&socket, read("deploy/systemd/tidegate.socket")).unwrap();
    let said = agrees(Command::new("systemd-analyze").arg("verify").args([&unit, &socket]));
    assert!(!said.contains("tidegate"), "{said}");
}

#[test]
fn it_reloads_restarts_and_drains() {
    assert_eq!(values("ExecReload"), ["/bin/kill -HUP $MAINPID"]);
    assert_eq!(values("ExecStart"), ["/usr/bin/tidegate --config /etc/tidegate/proxy.toml"]);
    assert_eq!(values("Type"), ["notify"], "the proxy says when it is ready");
    assert_eq!(values("WatchdogSec"), ["30s"]);
    assert_eq!(values("Restart"), ["on-failure"]);
    assert_eq!(values("RestartPreventExitStatus"), ["78"], "a configuration with mistakes");
    assert_eq!(values("TimeoutStopSec"), ["15s"], "more than the 10 s of a drain");
    let files: u32 = values("LimitNOFILE")[0].parse().unwrap();
    let clients = Config::default().proxy.max_clients;
    assert!(u64::from(files) >= u64::try_from(clients).unwrap() + 512);
}

/// The engine's `dir` is the working directory by default.
#[test]
fn the_engine_may_write_to_one_directory() {
    assert_eq!(values("StateDirectory"), ["tidegate"]);
    assert_eq!(values("WorkingDirectory"), ["/var/lib/tidegate"]);
    assert_eq!(Config::default().replica.dir, ".");
}

#[test]
fn it_may_do_nothing_but_its_work() {
    for key in [
        "NoNewPrivileges",
        "PrivateDevices",
        "PrivateTmp",
        "PrivateUsers",
        "ProtectHome",
        "ProtectKernelModules",
        "ProtectKernelTunables",
        "ProtectControlGroups",
        "RestrictNamespaces",
        "RestrictSUIDSGID",
        "MemoryDenyWriteExecute",
    ] {
        assert_eq!(values(key), ["yes"], "{key}");
    }
    assert_eq!(values("ProtectSystem"), ["strict"]);
    assert_eq!(values("CapabilityBoundingSet"), [""]);
    assert_eq!(values("SystemCallFilter"), ["@system-service", "~@privileged"]);
    assert_eq!(values("RestrictAddressFamilies"), ["AF_INET AF_INET6 AF_UNIX"]);
    // The file holds passwords: the world may not read it, the group of the unit may.
    let group = &values("Group")[0];
    let head = read("deploy/systemd/tidegate.service");
    assert!(head.contains(&format!("-m 640 -g {group} proxy.toml")));
    assert_eq!(&values("User"), std::slice::from_ref(group));
    assert!(read("deploy/systemd/tidegate.sysusers").contains(&format!("\nu {group} - ")));
}

/// A socket that no key names would keep the proxy from starting.
#[test]
fn the_socket_is_that_of_the_shipped_configuration() {
    let text = read("deploy/systemd/tidegate.socket");
    let listens = text.lines().filter_map(|line| line.strip_prefix("ListenStream="));
    let named: Vec<_> = Config::default().proxy.listen.iter().map(ToString::to_string).collect();
    assert_eq!(listens.collect::<Vec<_>>(), named);
}
