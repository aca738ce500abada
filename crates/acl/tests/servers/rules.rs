//! Random rules and requests, given to a real Redis 7.0 and to the crate.

use fastrand::Rng;
use tidegate_wire::command::{Keys, lookup, old_arity};
use tidegate_wire::resp::RespVersion;

use crate::pair::Pair;
use crate::random;

/// How many lists of rules each protocol gets.
const LISTS: usize = 2_000;
/// How many requests are checked after each list.
const REQUESTS: usize = 12;

/// What the test has compared.
#[derive(Debug, Default)]
struct Counts {
    accepted: usize,
    refused: usize,
    requests: usize,
    denied: usize,
    /// Malformed requests that the crate refuses and the server does not, and the like.
    stricter: usize,
}

/// Whether a DRYRUN is one where the two differ on purpose.
fn may_differ(request: &[String], ours: &str, theirs: &str) -> bool {
    let Some(name) = request.get(3) else { return false };
    let full = request[3..].iter().take(2).cloned().collect::<Vec<_>>().join("|");
    // Newer servers take another number of arguments.
    let newer = ["cluster|replicate", "script|debug"];
    let is_other = |name: &str| old_arity(name).is_some() || newer.contains(&name);
    if theirs.contains("wrong number of arguments") {
        return is_other(&full) || is_other(name);
    }
    let denies = |reply: &str| reply.contains("This user has no permissions to access");
    // GEORADIUS stores at the last place that is named. Redis 7.0 checks the first of each kind.
    let is_store = |word: &&String| ["STORE", "STOREDIST"].contains(&&***word);
    if name.starts_with("georadius") && request.iter().filter(is_store).count() > 1 {
        return denies(ours) || denies(theirs);
    }
    // Redis 7.0 checks no key of a request where it does not find all, and finds others in one with
    // a mistake, which gets an error when it is run. PFMERGE without a source has none, and writes.
    let row = lookup(name.as_bytes()).map(|row| row.keys);
    let is_movable = !matches!(row, None | Some(Keys::None | Keys::Range { .. }));
    let is_one = is_movable || (name == "pfmerge" && request.len() == 5);
    is_one && denies(ours) && (theirs == "+OK\n" || denies(theirs))
}

fn words(words: &[&str], more: Vec<String>) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).chain(more).collect()
}

fn compare(version: RespVersion, seed: u64) {
    let (mut pair, mut rng) = (Pair::new(version), Rng::with_seed(seed));
    let (mut counts, mut history) = (Counts::default(), Vec::new());
    for _ in 0..LISTS {
        let catalog = std::sync::Arc::clone(pair.acl.catalog());
        if rng.u8(..3) == 0 {
            pair.same(&["ACL", "DELUSER", "u"]);
            history.clear();
        }
        let list = random::rules(&mut rng, &catalog);
        history.push(list.clone());
        let mut requests = vec![
            words(&["ACL", "SETUSER", "u"], list),
            words(&["ACL", "LIST"], Vec::new()),
            words(&["ACL", "GETUSER", "u"], Vec::new()),
        ];
        for _ in 0..REQUESTS {
            let request = random::request(&mut rng, &catalog);
            requests.push(words(&["ACL", "DRYRUN", "u"], request));
        }
        for (at, (ours, theirs)) in pair.ask(&requests).into_iter().enumerate() {
            let request = &requests[at];
            if ours != theirs && may_differ(request, &ours, &theirs) {
                counts.stricter += 1;
                continue;
            }
            assert_eq!(ours, theirs, "left is ours: {request:?}\nafter {history:#?}");
            match at {
                0 if ours.starts_with('+') => counts.accepted += 1,
                0 => counts.refused += 1,
                1 | 2 => {}
                _ => {
                    counts.requests += 1;
                    counts.denied += usize::from(ours.contains("This user has no permissions"));
                }
            }
        }
    }
    println!("{version:?}, seed {seed}: {counts:?}");
    assert!(counts.accepted > LISTS / 4 && counts.refused > LISTS / 10, "{counts:?}");
    assert!(counts.denied > counts.requests / 10, "{counts:?}");
}

#[test]
fn random_rules_resp2() {
    compare(RespVersion::V2, seed(1));
}

#[test]
fn random_rules_resp3() {
    compare(RespVersion::V3, seed(2));
}

/// `TIDEGATE_SEED` gives other cases.
fn seed(own: u64) -> u64 {
    let given = std::env::var("TIDEGATE_SEED").ok().and_then(|text| text.parse::<u64>().ok());
    given.unwrap_or_default() * 2 + own
}

#[test]
fn every_single_category_and_command_is_described_alike() {
    let mut pair = Pair::new(RespVersion::V2);
    let names: Vec<String> = {
        let catalog = pair.acl.catalog();
        let categories = catalog.categories().map(|name| format!("@{name}"));
        categories.chain(catalog.commands().map(|it| it.name.to_string())).collect()
    };
    for name in names {
        for rules in [vec![format!("+{name}")], vec!["+@all".to_owned(), format!("-{name}")]] {
            pair.same(&words(&["ACL", "SETUSER", "u", "reset"], rules));
            pair.same(&["ACL", "LIST"]);
        }
    }
}

#[test]
fn requests_have_the_same_replies() {
    let mut pair = Pair::new(RespVersion::V2);
    let lines = [
        "ACL",
        "ACL nope",
        "ACL CAT",
        "ACL CAT nope",
        "ACL CAT a b",
        "ACL WHOAMI",
        "ACL WHOAMI x",
        "ACL LOG x",
        "ACL LOG",
        "ACL LOG 1 2",
        "ACL LOG RESET",
        "ACL LOG -5",
        "ACL GENPASS x",
        "ACL GENPASS 0",
        "ACL GENPASS 4097",
        "ACL GENPASS 1 2",
        "ACL SETUSER",
        "ACL SETUSER a",
        "ACL GETUSER nope",
        "ACL GETUSER",
        "ACL USERS",
        "ACL LIST x",
        "ACL DELUSER",
        "ACL DELUSER default a",
        "ACL DELUSER a nope a",
        "ACL DRYRUN nope GET x",
        "ACL DRYRUN default",
        "ACL DRYRUN default GET",
        "ACL DRYRUN default NOPE",
        "ACL DRYRUN default CONFIG",
        "ACL DRYRUN default CONFIG NOPE",
        "ACL DRYRUN default CONFIG GET",
    ];
    for line in lines {
        pair.same(&line.split(' ').collect::<Vec<_>>());
    }
    pair.same(&["ACL", "SETUSER", "a b", "on"]);
    pair.same(&["ACL", "SETUSER", "a", "~x\0y"]);
    pair.same(&["ACL", "SETUSER", "a", "on\0x"]);
}

/// The members of a category are in no fixed order.
#[test]
fn categories_have_the_same_members() {
    let mut pair = Pair::new(RespVersion::V2);
    let names: Vec<String> = pair.acl.catalog().categories().map(str::to_owned).collect();
    for name in names {
        let both = pair.ask(&[vec!["ACL", "CAT", &name]]).remove(0);
        let sorted = |text: &str| {
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&both.0), sorted(&both.1), "{name}");
    }
}

/// What a refused client gets, and what `ACL LOG` keeps of it.
#[test]
fn refusals_have_the_same_words() {
    let mut pair = Pair::new(RespVersion::V2);
    let rules = ["ACL", "SETUSER", "u", "on", "nopass", "~k*", "&c", "+@all", "-config"];
    pair.same(&rules);
    let user = pair.acl.user(b"u").unwrap();
    let mut wire = pair.server().wire();
    wire.cmd(&["AUTH", "u", "x"]).ok();
    for line in [
        "GET x",
        "MGET k x",
        "CONFIG GET x",
        "PUBLISH x y",
        "SUBSCRIBE c d",
        "PSUBSCRIBE c*",
        "SORT k BY w_*",
        "SORT k GET #",
        "SORT_RO k GET x",
        "EVAL s 1 x",
        "SET x y",
    ] {
        let words: Vec<_> = line.split(' ').collect();
        let ours = user.check(pair.acl.catalog(), &&words[..]).unwrap_err().error();
        let theirs = wire.cmd(&words);
        assert_eq!(tidegate_test_support::Reply::Error(ours), theirs, "{line}");
    }
}
