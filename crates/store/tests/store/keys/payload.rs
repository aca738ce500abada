//! `DUMP` and `RESTORE`.

use crate::twin::seed;
use tidegate_rdb::Checksum;

use super::{ALL, one_of_each};
use crate::{Flavor, Twin};

/// Returns the body of a bulk string.
fn bulk(reply: &[u8]) -> Vec<u8> {
    let head = reply.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    reply[head..reply.len() - 2].to_vec()
}

#[test]
fn each_restores_what_the_other_dumps() {
    Twin::each(|mut twin| {
        one_of_each(&mut twin);
        twin.line("DUMP no");
        for key in ALL {
            let (theirs, ours) = twin.both(&["DUMP", key]);
            for payload in [bulk(&theirs), bulk(&ours)] {
                let copy = [&b"RESTORE"[..], b"copy", b"0", &payload, b"REPLACE"];
                assert_eq!(twin.same(&copy), b"+OK\r\n", "{key}");
                twin.lines(&["TYPE copy", "OBJECT ENCODING copy", "DEBUG DIGEST-VALUE copy"]);
                twin.lines(&["DEBUG DIGEST"]);
            }
        }
    });
}

#[test]
fn options_and_errors() {
    Twin::each(|mut twin| {
        twin.line("SET a 1");
        let payload = bulk(&twin.theirs(&["DUMP", "a"]));
        let mut say = |line: &str, payload: &[u8]| {
            let words = line.split(' ').map(|word| match word {
                "P" => payload.to_vec(),
                word => word.as_bytes().to_vec(),
            });
            let words: Vec<_> = words.collect();
            let reply = twin.same(&words);
            twin.lines(&["EXISTS a b", "TTL b", "DEL b", "SET a 1"]);
            reply
        };
        for line in [
            "RESTORE a 0 P",
            "RESTORE a x P",
            "RESTORE b x P",
            "RESTORE b -1 P",
            "RESTORE b 0 P",
            "RESTORE b 100000 P",
            "RESTORE b 1 P ABSTTL",
            "RESTORE a 1 P ABSTTL REPLACE",
            "RESTORE b 4000000000000 P absttl",
            "RESTORE b 0 P FOO",
            "RESTORE b 0 P IDLETIME",
            "RESTORE b 0 P IDLETIME -1",
            "RESTORE b 0 P IDLETIME 5",
            "RESTORE b 0 P FREQ 256",
            "RESTORE b 0 P FREQ -1",
            "RESTORE b 0 P FREQ 255",
            "RESTORE b 0 P FREQ x",
            "RESTORE b 0 P FREQ 1 IDLETIME 3",
            "RESTORE b 0 P IDLETIME 3 FREQ 3",
            "RESTORE b 0 P REPLACE ABSTTL",
            "RESTORE b 0",
            "RESTORE b 9223372036854775807 P ABSTTL",
        ] {
            say(line, &payload);
        }
        let mut later = payload.clone();
        let end = later.len();
        later[end - 10] = 0xff;
        let sum = Checksum::of(&later[..end - 8]);
        later[end - 8..].copy_from_slice(&sum.to_le_bytes());
        let mut unsummed = payload.clone();
        unsummed[end - 8..].fill(0);
        for bad in [&later[..], &unsummed, &payload[2..], &payload[..end - 1], b"", b"0123456789"] {
            let reply = say("RESTORE b 0 P", bad);
            assert!(reply.starts_with(b"-ERR DUMP payload"), "{}", reply.escape_ascii());
        }
    });
}

/// A payload with a changed byte and a right checksum is an error or a value.
#[test]
fn a_hostile_payload_is_no_more_than_an_error() {
    let mut twin = Twin::new(Flavor::Redis82);
    let seed = seed();
    eprintln!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    one_of_each(&mut twin);
    let mut refused = 0;
    for _ in 0..300 {
        for key in ALL {
            let mut payload = bulk(&twin.ours(&["DUMP", key]));
            let end = payload.len();
            for _ in 0..random.usize(1..4) {
                payload[random.usize(..end - 10)] = random.u8(..);
            }
            let sum = Checksum::of(&payload[..end - 8]);
            payload[end - 8..].copy_from_slice(&sum.to_le_bytes());
            let reply = twin.ours(&[&b"RESTORE"[..], b"copy", b"0", &payload, b"REPLACE"]);
            match &reply[..] {
                b"+OK\r\n" => {
                    twin.ours(&["DEBUG", "DIGEST"]);
                    twin.ours(&["DUMP", "copy"]);
                }
                b"-ERR Bad data format\r\n" => refused += 1,
                other => panic!("{}", other.escape_ascii()),
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}
