//! An old master that was restarted claims to be master again.

use super::*;

/// The proxy was restarted as well, so that it remembers nothing, and proxy.toml names the old
/// master.
#[test]
fn a_start_refuses_an_old_master_that_was_restarted_while_no_replica_decides() {
    let new = || promoted(2, "b", "a");
    // Restarted from a snapshot by Redis 7 or later, from an append-only file, never restarted.
    for old in [promoted(1, "x", "a"), master(1, "x"), master(1, "a")] {
        let verdict = Elections::default().elect(&[old.clone(), new(), dead(3)]);
        assert!(is_undecided(&verdict), "{old:?} {verdict:?}");
        assert_eq!(Elections::default().elect(&[old.clone(), new(), replica(3, 2, "b")]), is(2));
        let kept = old.replid().to_owned();
        assert_eq!(Elections::default().elect(&[old, new(), replica(3, 1, &kept)]), is(1));
    }
    // A server that was never promoted has not taken over from anything.
    assert_eq!(Elections::default().elect(&[master(1, "a"), master(2, "y"), dead(3)]), is(1));
}

#[test]
fn an_old_master_that_was_restarted_never_comes_back() {
    let mut elections = Elections::of_three();
    let follower = || replica(3, 2, "b");
    assert_eq!(elections.elect(&[dead(1), promoted(2, "b", "a"), follower()]), is(2));
    for old in [promoted(1, "x", "a"), master(1, "x"), master(1, "a")] {
        assert_eq!(elections.elect(&[old.clone(), promoted(2, "b", "a"), follower()]), is(2));
        assert_eq!(elections.elect(&[old.clone(), promoted(2, "b", "a"), dead(3)]), is(2));
        // The new master is briefly down.
        let is_down = [old.clone(), dead(2), linked(3, 2, "b", LinkState::Down)];
        assert_eq!(elections.elect(&is_down), Verdict::NoMaster);
        assert_eq!(elections.elect(&[old.clone(), dead(2), dead(3)]), Verdict::NoMaster);
        let mut silent = promoted(2, "b", "a");
        silent.silent_ms = 2_000;
        assert_eq!(elections.elect(&[old, silent, dead(3)]), is(2));
    }
}
