//! Every command through the proxy and straight to a second server of the same kind: the same
//! bytes, in RESP2 and RESP3.

mod gate;
mod samples;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use tidegate_wire::command::{Access, Command, all, lookup};
use tidegate_wire::resp::inline;

use self::samples::{COLLECTIONS, FIXTURE, LOCAL, LOCKED, ORDERED, OTHERS, STRINGS_AND_KEYS};
use crate::support::*;

const PASSED_ON: [&[&str]; 4] = [STRINGS_AND_KEYS, COLLECTIONS, ORDERED, OTHERS];

/// Requests whose answers differ between two servers, and why: only their shapes are compared.
const SHAPED: &[(&str, &str)] = &[
    ("ACL GENPASS", "random"),
    ("COMMAND", "in the order of a hash table"),
    ("COMMAND DOCS", "in the order of a hash table"),
    ("COMMAND LIST", "in the order of a hash table"),
    ("HELLO", "tells the client's id"),
    ("INFO", "about this very process"),
    ("LASTSAVE", "the time"),
    ("LOLWUT", "random"),
    ("MEMORY DOCTOR", "about this very process"),
    ("MEMORY STATS", "about this very process"),
    ("OBJECT IDLETIME", "the time"),
    ("ROLE", "another offset"),
    ("TIME", "the time"),
    ("VINFO", "random levels"),
    ("XINFO CONSUMERS", "the time"),
    ("XAUTOCLAIM", "the time, in the entries' order of claims"),
];

#[test]
fn every_command_has_a_sample() {
    let mut sampled = BTreeSet::new();
    for sample in PASSED_ON.into_iter().flatten() {
        for request in requests(sample, b"") {
            sampled.extend(row(&request).map(|row| row.name));
        }
    }
    let missing: Vec<_> = all()
        .filter(|row| !matches!(row.access, Access::Admin | Access::Refused | Access::Local))
        .filter(|row| !sampled.contains(row.name))
        .map(|row| row.name)
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn commands_through_the_proxy_equal_redis_62() {
    compare(Pair::spawn(Flavor::Redis62), &PASSED_ON);
}

#[test]
fn commands_through_the_proxy_equal_redis_70() {
    compare(Pair::spawn(Flavor::Redis70), &PASSED_ON);
}

#[test]
fn commands_through_the_proxy_equal_redis_82() {
    compare(Pair::spawn(Flavor::Redis82), &PASSED_ON);
}

#[test]
fn commands_through_the_proxy_equal_valkey_91() {
    compare(Pair::spawn(Flavor::Valkey91), &PASSED_ON);
}

/// The proxy's own answers are Redis 7.0's, whatever server is behind it.
#[test]
fn the_proxys_own_answers_equal_redis_70() {
    compare(Pair::spawn(Flavor::Redis70), &[LOCAL]);
}

#[test]
fn a_locked_proxy_equals_a_locked_redis_70() {
    let behind = RedisServer::spawn(Flavor::Redis70);
    let direct = RedisServer::builder(Flavor::Redis70).requirepass("secret").start();
    let config = ConfigBuilder::new(behind.addr(), &[]).set("proxy", "requirepass", "\"secret\"");
    let proxy = config.start();
    compare(Pair { behind, direct, proxy }, &[LOCKED]);
}

#[test]
fn clients_are_listed_as_by_redis_70() {
    let pair = Pair::spawn(Flavor::Redis70);
    for command in ["INFO", "LIST"] {
        let [ours, theirs]: [BTreeSet<String>; 2] = pair.addrs().map(|addr| {
            let text = Wire::connect(addr).cmd(&["CLIENT", command]).str().to_owned();
            let line = text.lines().next().unwrap();
            line.split(' ').map(|field| field.split_once('=').unwrap().0.to_owned()).collect()
        });
        let missing = &theirs - &ours;
        assert!(missing.is_empty(), "CLIENT {command}: {missing:?}");
    }
    let [ours, theirs] = pair.addrs().map(|addr| Wire::connect3(addr).cmd(&["HELLO"]));
    let keys = |reply: &Reply| -> Vec<String> {
        reply.pairs().iter().map(|(key, _)| key.str().to_owned()).collect()
    };
    assert_eq!(keys(&ours), keys(&theirs));
    for (ours, theirs) in ours.pairs().iter().zip(theirs.pairs()) {
        assert!(*ours == theirs || ours.0.str() == "id", "{ours:?}, {theirs:?}");
    }
}

/// Two servers of a kind, and the proxy before one of them.
struct Pair {
    behind: RedisServer,
    direct: RedisServer,
    proxy: Tidegate,
}

impl Pair {
    fn spawn(flavor: Flavor) -> Self {
        let (behind, direct) = (RedisServer::spawn(flavor), RedisServer::spawn(flavor));
        let proxy = ConfigBuilder::new(behind.addr(), &[]).reads_from("master").start();
        Self { behind, direct, proxy }
    }

    fn addrs(&self) -> [SocketAddr; 2] {
        [self.proxy.addr(), self.direct.addr()]
    }
}

/// Runs all samples on both sides, and panics with everything that differs.
fn compare(mut pair: Pair, samples: &[&[&str]]) {
    let mut admins = [pair.behind.wire(), pair.direct.wire()];
    let mut differences = String::new();
    for sample in samples.iter().copied().flatten() {
        for resp in ["2", "3"] {
            let dump = prepare(&mut admins);
            let requests = requests(sample, &dump);
            let [ours, theirs] = pair.addrs().map(|addr| run(addr, resp, &requests));
            for ((request, ours), theirs) in requests.iter().zip(ours).zip(theirs) {
                if ours != theirs {
                    let request = String::from_utf8_lossy(&request.join(&b' ')).into_owned();
                    let line = format!("RESP{resp} {request}\n  ours {ours}\ntheirs {theirs}\n");
                    differences.push_str(&line);
                }
            }
        }
    }
    pair.proxy.assert_alive();
    assert!(differences.is_empty(), "{:?}:\n{differences}", pair.direct.flavor());
}

/// The fixture, on both servers; answers a DUMP of `s`.
fn prepare(admins: &mut [Wire; 2]) -> Vec<u8> {
    let fixture: Vec<_> = FIXTURE
        .iter()
        .map(|line| inline::split(line.as_bytes(), inline::Quotes::EndWords).unwrap())
        .collect();
    let bytes: Vec<u8> = fixture.iter().flat_map(|request| encode(request)).collect();
    for admin in admins.iter_mut() {
        admin.send_raw(&bytes);
        // What a version does not have is an error there, on both.
        fixture.iter().for_each(|_| drop(admin.read_reply()));
    }
    admins[1].cmd(&["DUMP", "s"]).bytes().to_vec()
}

fn requests(sample: &str, dump: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let words = |request: &str| {
        let words = inline::split(request.as_bytes(), inline::Quotes::EndWords).unwrap();
        words.into_iter().map(|word| if word == b"@dump" { dump.to_vec() } else { word }).collect()
    };
    sample.split("; ").map(words).collect()
}

/// What is answered to the requests, one after the other on one connection.
fn run(addr: SocketAddr, resp: &str, requests: &[Vec<Vec<u8>>]) -> Vec<String> {
    let mut wire = Wire::connect(addr);
    wire.cmd(&["HELLO", resp]);
    let mut answers = Vec::new();
    for request in requests {
        let sent = wire.try_send_raw(&encode(request));
        let answer = sent.and_then(|()| {
            if is_shaped(request) {
                wire.try_read_reply().map(|reply| shape(&reply))
            } else {
                wire.try_read_raw_reply().map(|raw| raw.escape_ascii().to_string())
            }
        });
        answers.push(answer.unwrap_or_else(|error| format!("no reply: {:?}", error.kind())));
    }
    if requests.last().is_some_and(|last| last[0] == b"QUIT") {
        let closed = wire.try_read_reply().map_err(|error| error.kind());
        answers.push(format!("{closed:?}"));
    }
    answers
}

fn is_shaped(request: &[Vec<u8>]) -> bool {
    let text = request.join(&b' ');
    SHAPED.iter().any(|(name, _)| {
        let rest = text.strip_prefix(name.as_bytes());
        // The bare containers differ from their subcommands.
        rest.is_some_and(|rest| rest.is_empty() || *name != "COMMAND" && rest[0] == b' ')
    })
}

/// The reply's type, how many elements it has, and of which types.
fn shape(reply: &Reply) -> String {
    let kind = |reply: &Reply| {
        let text = format!("{reply:?}");
        text.split(['(', ' ']).next().unwrap_or_default().to_owned()
    };
    let mut elements: Vec<String> = match reply {
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => {
            items.iter().map(kind).collect()
        }
        Reply::Map(pairs) => pairs.iter().map(|(k, v)| kind(k) + ":" + &kind(v)).collect(),
        Reply::Error(text) => vec![text.clone()],
        _ => Vec::new(),
    };
    elements.sort();
    format!("{} {elements:?}", kind(reply))
}

/// The row that a request calls.
fn row(request: &[Vec<u8>]) -> Option<&'static Command> {
    let row = lookup(&request[0])?;
    Some(request.get(1).and_then(|second| row.subcommand(second)).unwrap_or(row))
}
