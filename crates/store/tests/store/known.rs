//! The store has every command that servers call a write, so that replication never stops at one.

use tidegate_store::{CallContext, Dialect, Outcome, Store};
use tidegate_wire::resp::RespVersion;

use crate::support::{Flavor, RedisServer};

/// Masters send blocking commands as what they did (6.2 does not flag all of them as blocking), and
/// MIGRATE as DEL. Vector sets belong to a module, slots to a cluster.
const NEVER_SENT: [&str; 3] = ["bzpopmax", "bzpopmin", "migrate"];
const LEFT_OUT: [&str; 4] = ["cluster", "vadd", "vrem", "vsetattr"];

#[test]
fn every_write_of_the_servers_is_known() {
    let mut store = Store::new(16, Dialect::default(), 1);
    let mut missing = Vec::new();
    for flavor in Flavor::ALL {
        let server = RedisServer::spawn(flavor);
        for command in server.cmd(&["COMMAND"]).array() {
            let cells = command.array();
            let name = cells[0].str().to_lowercase();
            let has = |flag: &str| cells[2].array().iter().any(|it| it.str() == flag);
            let excused = NEVER_SENT.contains(&&*name) || LEFT_OUT.contains(&&*name);
            if !has("write") || has("blocking") || excused {
                continue;
            }
            let context = CallContext { db: 0, now_ms: 0, version: RespVersion::V2 };
            if store.apply(context, &[name.as_bytes()], &mut Vec::new()) == Outcome::Unknown {
                missing.push(format!("{flavor:?} {name}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}
