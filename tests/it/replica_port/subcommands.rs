//! What the engine's own port says of subcommands that there are not: what its master says.

use crate::support::*;

#[test]
fn a_wrong_subcommand_is_refused_as_the_master_refuses_it() {
    for flavor in Flavor::ALL {
        let master = RedisServer::spawn(flavor);
        master.cmd(&["SET", "a", "1"]).ok();
        let own = ReplicaPort::start(&ReplicaPort::of(&master));
        own.wait_for(&master);
        let requests: [&[&str]; 23] = [
            &["OBJECT", "NONSENSE", "a"],
            &["OBJECT", "ENCODING"],
            &["OBJECT", "ENCODING", "a", "b"],
            &["MULTI"],
            &["OBJECT", "NONSENSE", "a"],
            &["EXEC"],
            &["MULTI"],
            &["OBJECT", "ENCODING"],
            &["EXEC"],
            &["XINFO", "NONSENSE", "a"],
            &["PUBSUB", "CHANNELS", "a", "b"],
            &["PUBSUB", "NUMPAT", "a"],
            &["PUBSUB", "SHARDNUMSUB"],
            &["CLIENT", "NO-TOUCH", "a"],
            &["CLIENT", "SETINFO", "LIB-VER", "1"],
            &["CLIENT", "UNPAUSE", "a"],
            &["CLIENT", "CAPA", "a"],
            &["COMMAND", "LIST", "a"],
            &["COMMAND", "GETKEYS"],
            &["COMMAND", "GETKEYS", "GET"],
            &["COMMAND", "GETKEYS", "CLIENT", "NONSENSE"],
            &["COMMAND", "GETKEYS", "XDELEX", "a"],
            &["COMMAND", "GETKEYS", "LMPOP", "1", "a", "LEFT"],
        ];
        let answers = [master.wire(), own.wire()].map(|mut wire| {
            requests.map(|request| {
                wire.send(request);
                String::from_utf8_lossy(&wire.read_raw_reply()).into_owned()
            })
        });
        assert_eq!(answers[1], answers[0], "{flavor:?}");
    }
}
