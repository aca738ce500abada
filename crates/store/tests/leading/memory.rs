//! Commands that need memory, as a real server names them.

use crate::support::{Flavor, RedisServer, Reply};
use tidegate_store::Store;

/// Compares the flag `denyoom` of all commands that the store has.
pub fn same_commands(flavor: Flavor) {
    let server = RedisServer::builder(flavor).start();
    let commands = server.cmd(&["COMMAND"]);
    let mut compared = 0;
    for command in commands.array() {
        let name = command.array()[0].str();
        // Scripts and modules are none of the store's.
        if tidegate_wire::command::lookup(name.as_bytes()).is_none_or(|row| row.name != name)
            || name.starts_with(['e', 'f', 'v'])
        {
            continue;
        }
        compare(flavor, &[name.as_bytes()], command);
        compared += 1;
        let subs = command.array().get(9).map(Reply::array).unwrap_or_default();
        for sub in subs {
            let full = sub.array()[0].str();
            let (_, second) = full.split_once('|').unwrap();
            compare(flavor, &[name.as_bytes(), second.as_bytes()], sub);
        }
    }
    assert!(compared > 150, "{compared}");
}

fn compare(flavor: Flavor, words: &[&[u8]], command: &Reply) {
    let flags = command.array()[2].array();
    let wanted = flags.iter().any(|flag| flag.str() == "denyoom");
    let name = String::from_utf8_lossy(&words.join(&b' ')).into_owned();
    assert_eq!(Store::needs_memory(words), wanted, "{flavor:?} {name}");
}
