//! Which version has which command: as real servers say, and as a replica of theirs answers.

use std::collections::BTreeSet;

use tidegate_store::{Dialect, Vendor};
use tidegate_wire::command::{all, versions};

use crate::support::local::each_flavor;
use crate::support::replica_port::ReplicaPort;
use crate::support::*;

/// Hidden from COMMAND, or no command at all, or a module's.
fn is_ordinary(name: &str) -> bool {
    !name.contains(['|', '.', ':']) && !matches!(name, "post" | "quit" | "proxy")
}

fn dialect(flavor: Flavor) -> Dialect {
    let (vendor, version) = flavor.version();
    Dialect::new(if vendor == "valkey_version" { Vendor::Valkey } else { Vendor::Redis }, version)
}

#[test]
fn a_version_has_what_its_server_has() {
    each_flavor(|flavor| {
        let server = RedisServer::spawn(flavor);
        let reply = server.cmd(&["COMMAND"]);
        let theirs: BTreeSet<_> =
            reply.array().iter().map(|row| row.array()[0].str().to_ascii_lowercase()).collect();
        let has = |name: &str| versions(name).is_none_or(|it| dialect(flavor).is_among(it));
        for row in all().filter(|row| is_ordinary(row.name)) {
            assert_eq!(has(row.name), theirs.contains(row.name), "{flavor:?} {}", row.name);
        }
    });
}

/// A replica of an old master refuses new commands with the errors of the old version.
#[test]
fn a_replica_knows_what_its_master_knows() {
    each_flavor(|flavor| {
        let master = RedisServer::spawn(flavor);
        let port = ReplicaPort::synced(&ReplicaPort::of(&master), &master);
        let long = "frob".repeat(40);
        for request in [
            &["LCS", "a", "b"][..],
            &["STRALGO", "LCS", "STRINGS", "a", "b"],
            &["HPTTL", "h", "FIELDS", "1", "f"],
            &["SINTERCARD", "1", "s"],
            &["EXPIRETIME", "k"],
            &["FROBNICATE", "a", "b"],
            &["FROBNICATE"],
            &[long.as_str(), "a"],
        ] {
            let (theirs, ours) = (master.cmd(request), port.wire().cmd(request));
            assert_eq!(ours, theirs, "{flavor:?} {request:?}");
        }
    });
}

/// The engine answers the commands that the master has. All others go to a server, and get its
/// error.
#[test]
fn what_the_master_lacks_is_not_answered_in_place() {
    let master = RedisServer::spawn(Flavor::Redis62);
    let config = ReplicaPort::of(&master).set("reads", "local", "true");
    let port = ReplicaPort::synced(&config, &master);
    let reply = port.proxy.wire().cmd(&["LCS", "a", "b"]);
    assert_eq!(reply, master.cmd(&["LCS", "a", "b"]));
    assert!(reply.err().contains("unknown command"));
}
