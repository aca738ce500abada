//! WAITAOF through the proxy says what it says over a direct connection.

use crate::support::*;

/// The write and the question, over one connection.
fn asked(wire: &mut Wire, question: &[&str]) -> Reply {
    assert!(wire.cmd(&["INCR", "n"]).int() > 0);
    wire.cmd(question)
}

fn says_what_the_server_says(flavor: Flavor, fsync: &str, attached: bool) {
    let options = |builder: server::ServerBuilder| {
        builder.arg("--appendonly", "yes").arg("--appendfsync", fsync)
    };
    let server = options(RedisServer::builder(flavor)).start();
    let replica = attached.then(|| {
        let replica = RedisServer::builder(flavor).replica_of(server.addr()).start();
        server.wait_attached(&replica);
        replica
    });
    let replicas: Vec<_> = replica.iter().map(RedisServer::addr).collect();
    let proxy = ConfigBuilder::new(server.addr(), &replicas).start();
    let (mut direct, mut through) = (server.wire(), proxy.wire());
    let timeout = if fsync == "no" { "300" } else { "9000" };
    let questions: [&[&str]; 3] = [
        &["WAITAOF", "1", "0", timeout],
        &["waitaof", "0", "0", "100"],
        &["WAITAOF", "1", "x", "100"],
    ];
    for (at, question) in questions.iter().enumerate() {
        if at == 1 && fsync == "everysec" {
            // Whatever the second has brought so far.
            continue;
        }
        let here = asked(&mut through, question);
        let there = asked(&mut direct, question);
        assert_eq!(here, there, "{flavor:?} {fsync} {attached} {question:?}");
        let fsynced = i64::from(fsync != "no");
        if at == 0 && !attached {
            assert_eq!(here, Reply::Array(vec![Reply::Int(fsynced), Reply::Int(0)]));
        }
    }
    // In one write with what it is about; the session goes on.
    let replies = through.pipeline(&[&["INCR", "n"], questions[0], &["PING"]]);
    if !attached {
        assert_eq!(replies[1].array()[0].int(), i64::from(fsync != "no"));
    }
    assert_eq!(replies[2].str(), "PONG");
}

fn says_what_servers_say(flavor: Flavor) {
    std::thread::scope(|scope| {
        for fsync in ["no", "everysec", "always"] {
            for attached in [false, true] {
                scope.spawn(move || says_what_the_server_says(flavor, fsync, attached));
            }
        }
    });
}

#[test]
fn waitaof_says_what_redis_8_2_says() {
    says_what_servers_say(Flavor::Redis82);
}

#[test]
fn waitaof_says_what_valkey_9_1_says() {
    says_what_servers_say(Flavor::Valkey91);
}

#[test]
fn waitaof_without_an_aof_or_without_the_command_gets_the_servers_words() {
    for flavor in Flavor::ALL {
        let server = RedisServer::spawn(flavor);
        let proxy = ConfigBuilder::new(server.addr(), &[]).start();
        let (mut direct, mut through) = (server.wire(), proxy.wire());
        for question in [&["WAITAOF", "1", "0", "100"], &["WAITAOF", "0", "1", "100"]] {
            let here = asked(&mut through, question);
            assert_eq!(here, asked(&mut direct, question), "{flavor:?} {question:?}");
        }
    }
}

#[test]
fn a_login_that_may_not_mark_the_aof_gets_no_made_up_number() {
    for flavor in [Flavor::Redis82, Flavor::Valkey91] {
        let server = RedisServer::builder(flavor).arg("--appendonly", "yes").start();
        let user = ["ACL", "SETUSER", "proxy", "on", ">secret", "~*", "&*", "+@all", "-swapdb"];
        server.cmd(&user).ok();
        let config = ConfigBuilder::new(server.addr(), &[])
            .set("topology", "masteruser", "\"proxy\"")
            .set("topology", "masterauth", "\"secret\"");
        let proxy = config.start();
        let reply = asked(&mut proxy.wire(), &["WAITAOF", "1", "0", "100"]);
        assert!(reply.err().contains("SWAPDB"), "{reply:?}");
    }
}
