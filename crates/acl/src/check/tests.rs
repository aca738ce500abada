//! Users and requests.

use super::Reason;
use crate::catalog::Catalog;
use crate::rules::User;

fn check(rules: &[&str], request: &str) -> Result<(), (Reason, String)> {
    let catalog = Catalog::new();
    let mut user = User::new(b"u", &catalog);
    for rule in rules {
        user.apply(&catalog, rule.as_bytes()).expect(rule);
    }
    let words: Vec<_> = request.split(' ').collect();
    let verdict = user.check(&catalog, &&words[..]);
    verdict.map_err(|it| (it.reason, String::from_utf8_lossy(it.object).into_owned()))
}

fn refused(reason: Reason, object: &str) -> Result<(), (Reason, String)> {
    Err((reason, object.to_owned()))
}

#[test]
fn commands_and_subcommands() {
    assert_eq!(check(&["~*", "+get"], "GET k"), Ok(()));
    assert_eq!(check(&["~*", "+get"], "SET k v"), refused(Reason::Command, "set"));
    assert_eq!(check(&["+config|get"], "config GET x"), Ok(()));
    assert_eq!(check(&["+config|get"], "config SET x y"), refused(Reason::Command, "config|set"));
    assert_eq!(check(&["+select|0"], "SELECT 0"), Ok(()));
    assert_eq!(check(&["+select|0"], "SELECT 1"), refused(Reason::Command, "select"));
    assert_eq!(check(&[], "AUTH x"), Ok(()));
    assert_eq!(check(&["+@all", "~*", "&*", "-get"], "NEW k"), Ok(()));
    assert_eq!(check(&["+@all", "~k"], "NEW k"), refused(Reason::Command, "NEW"));
}

#[test]
fn keys_by_their_access() {
    let rules = ["+@all", "%R~r*", "%W~w*", "~b*", "&*"];
    let check = |request: &str| check(&rules, request);
    assert_eq!(check("GET r"), Ok(()));
    assert_eq!(check("GET w"), refused(Reason::Key, "w"));
    assert_eq!(check("EXISTS w"), Ok(()));
    assert_eq!(check("SET w v"), Ok(()));
    assert_eq!(check("SET w v GET"), refused(Reason::Key, "w"));
    assert_eq!(check("COPY r w"), Ok(()));
    assert_eq!(check("COPY w r"), refused(Reason::Key, "w"));
    assert_eq!(check("MSET b 1 w 2 r 3"), refused(Reason::Key, "r"));
    assert_eq!(check("ZUNIONSTORE w 2 r b"), Ok(()));
    assert_eq!(check("ZUNIONSTORE w 2 r w"), refused(Reason::Key, "w"));
    assert_eq!(check("EVAL s 2 b b r"), Ok(()));
    assert_eq!(check("EVAL s 2 b r"), refused(Reason::Key, "r"));
    assert_eq!(check("EVAL_RO s 1 r"), Ok(()));
    assert_eq!(check("XREAD COUNT 1 STREAMS r b 0 0"), Ok(()));
    assert_eq!(check("BITFIELD r GET u8 0"), Ok(()));
    assert_eq!(check("BITFIELD r SET u8 0 1"), refused(Reason::Key, "r"));
}

#[test]
fn one_selector_has_to_permit_all() {
    let rules = ["+get", "~a", "(+set ~b)", "(+mget ~c &x)"];
    assert_eq!(check(&rules, "GET a"), Ok(()));
    assert_eq!(check(&rules, "SET b v"), Ok(()));
    assert_eq!(check(&rules, "SET a v"), refused(Reason::Key, "a"));
    assert_eq!(check(&rules, "DEL a"), refused(Reason::Command, "del"));
    assert_eq!(check(&rules, "MGET c d"), refused(Reason::Key, "d"));
    let both = ["+mget", "~a", "(+mget ~b)"];
    assert_eq!(check(&both, "MGET a b"), refused(Reason::Key, "b"));
}

#[test]
fn channels() {
    let rules = ["+@all", "~*", "&news:*", "&a"];
    assert_eq!(check(&rules, "SUBSCRIBE news:1 a"), Ok(()));
    assert_eq!(check(&rules, "SUBSCRIBE news:1 b"), refused(Reason::Channel, "b"));
    assert_eq!(check(&rules, "PSUBSCRIBE news:*"), Ok(()));
    assert_eq!(check(&rules, "PSUBSCRIBE news:1*"), refused(Reason::Channel, "news:1*"));
    assert_eq!(check(&rules, "PUBLISH news:1 b"), Ok(()));
    assert_eq!(check(&rules, "SPUBLISH b c"), refused(Reason::Channel, "b"));
    assert_eq!(check(&rules, "UNSUBSCRIBE b"), Ok(()));
}

#[test]
fn sort_with_patterns_needs_all_keys() {
    assert_eq!(check(&["+sort", "~k"], "SORT k"), Ok(()));
    assert_eq!(check(&["+sort", "~k"], "SORT k BY w_*"), refused(Reason::SortBy, "w_*"));
    assert_eq!(check(&["+sort", "~k"], "SORT k GET #"), refused(Reason::SortGet, "#"));
    assert_eq!(check(&["+sort", "~k", "(+sort %R~*)"], "SORT k GET #"), Ok(()));
    assert_eq!(check(&["+sort", "~k"], "SORT k STORE d"), refused(Reason::Key, "d"));
}

#[test]
fn subscriptions_are_looked_at_without_a_command() {
    let catalog = Catalog::new();
    let mut user = User::new(b"u", &catalog);
    for rule in ["&a*", "(&b)"] {
        user.apply(&catalog, rule.as_bytes()).expect(rule);
    }
    assert!(user.may_subscribe(b"a1", false) && user.may_subscribe(b"b", false));
    assert!(user.may_subscribe(b"a*", true) && !user.may_subscribe(b"a1", true));
    assert!(!user.may_subscribe(b"c", false));
}
