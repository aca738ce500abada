//! Elections with an outside authority.

use proptest::prelude::*;

use super::random::any_servers;
use super::*;

fn names(port: u16, epoch: u64) -> Option<Authority> {
    Some(Authority { master: HostPort::local(port), epoch })
}

/// The server of this port, with each kind of answer.
fn answers(port: u16) -> Vec<ServerEvidence> {
    let other = port % 3 + 1;
    let mut loading = master(port, "b");
    if let Some(Ok(said)) = &mut loading.said {
        said.loading = true;
    }
    let mut silent = master(port, "b");
    silent.silent_ms = 5_000;
    let mut unasked = dead(port);
    unasked.said = None;
    vec![
        master(port, "a"),
        promoted(port, "b", "a"),
        master(port, ""),
        replica(port, other, "a"),
        linked(port, other, "b", LinkState::Down),
        loading,
        silent,
        dead(port),
        unasked,
    ]
}

/// Three servers in every combination of answers.
fn every_answer() -> Vec<[ServerEvidence; 3]> {
    let mut all = Vec::new();
    for one in answers(1) {
        for two in answers(2) {
            all.extend(answers(3).into_iter().map(|three| [one.clone(), two.clone(), three]));
        }
    }
    all
}

/// Whether the verdict is what a statement that names the server of this port allows.
fn allows(verdict: &Verdict, port: u16, servers: &[ServerEvidence]) -> bool {
    match verdict {
        Verdict::Master(id) => {
            let named = servers.iter().find(|it| it.addr.port == port);
            let follows = named.and_then(ServerEvidence::follows).map(|it| u32::from(it.0.port));
            let is_allowed = id.0 == u32::from(port) || follows == Some(id.0);
            is_allowed && servers.iter().any(|it| it.id == *id && it.claims())
        }
        Verdict::HandingOver(_) | Verdict::Undecided(_) => true,
        Verdict::NoMaster => servers.iter().any(|it| it.addr.port == port && it.answer().is_none()),
    }
}

#[test]
fn a_newer_epoch_deposes_a_master_that_still_claims() {
    let mut elections = Elections::of_three();
    elections.authority = names(2, 1);
    // The replicas have not gone over yet.
    let all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 1, "a")];
    let verdict = elections.elect(&all);
    assert_eq!(verdict, is(2));
    assert!(verdict.deposes(BackendId(1), false, true), "its connections are fenced");
    // It does not come back when the authority falls silent, nor when replicas follow it.
    elections.authority = None;
    assert_eq!(elections.elect(&all), is(2));
    let all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 1, "a"), replica(4, 1, "a")];
    assert_eq!(elections.elect(&all), is(2));
    let all = [master(1, "a"), dead(2), dead(3)];
    assert_eq!(elections.elect(&all), Verdict::NoMaster);
}

#[test]
fn a_named_server_that_does_not_claim_gets_no_writes() {
    let mut elections = Elections::of_three();
    elections.authority = names(2, 1);
    let all = [master(1, "a"), replica(2, 1, "a"), replica(3, 1, "a")];
    let until = Verdict::HandingOver(NOW + HANDOVER_MS);
    assert_eq!(elections.elect(&all), until);
    assert!(until.deposes(BackendId(1), false, true), "the last master still claims");
    // The last master gets none either, while the authority is silent or repeats an older
    // statement.
    for statement in [None, names(1, 0), names(2, 1)] {
        elections.authority = statement;
        assert_eq!(elections.elect(&all), until);
    }
    let verdict = elections.elect_at(NOW + HANDOVER_MS, &all);
    let Verdict::Undecided(reason) = verdict else { panic!("{verdict:?}") };
    assert!(reason.starts_with("127.0.0.1:2 is named as the master in configuration epoch 1"));
    let all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 1, "a")];
    assert_eq!(elections.elect_at(NOW + HANDOVER_MS, &all), is(2));
    // A named server that is not known yet is waited for, too.
    elections.authority = names(9, 2);
    assert_eq!(elections.elect(&all), until);
}

#[test]
fn a_higher_epoch_wins_over_a_lower_one() {
    let mut elections = Elections::of_three();
    let all = [master(1, "a"), promoted(2, "b", "a"), promoted(3, "c", "a")];
    let statements = [(2, 5, 2), (3, 4, 2), (3, 5, 2), (3, 6, 3), (2, 5, 3), (1, 7, 1)];
    for (port, epoch, elected) in statements {
        elections.authority = names(port, epoch);
        assert_eq!(elections.elect(&all), is(elected), "{port} in epoch {epoch}");
    }
}

#[test]
fn the_operator_overrides_an_epoch_but_not_the_next_one() {
    let mut elections = Elections::of_three();
    let all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 2, "b")];
    elections.authority = names(2, 1);
    assert_eq!(elections.elect(&all), is(2));
    elections.state.override_by_operator();
    assert_eq!(elections.elect(&all), is(1));
    assert_eq!(elections.elect(&all), is(1), "and that lasts");
    elections.authority = names(2, 2);
    assert_eq!(elections.elect(&all), is(2));
}

#[test]
fn a_named_master_may_hand_over_itself() {
    let mut elections = Elections::of_three();
    elections.authority = names(1, 0);
    assert_eq!(elections.elect(&[master(1, "a"), replica(2, 1, "a"), replica(3, 1, "a")]), is(1));
    // FAILOVER, of which the authority hears nothing: only the server that the master follows, and
    // only with the master's data.
    let other = [replica(1, 2, "a"), replica(2, 1, "a"), promoted(3, "c", "a")];
    assert_eq!(elections.elect(&other), Verdict::HandingOver(NOW + HANDOVER_MS));
    let foreign = [replica(1, 2, "a"), promoted(2, "x", "y"), replica(3, 1, "a")];
    assert_eq!(elections.elect(&foreign), Verdict::HandingOver(NOW + HANDOVER_MS));
    let handed_over = [replica(1, 2, "a"), promoted(2, "b", "a"), replica(3, 1, "a")];
    assert_eq!(elections.elect(&handed_over), is(2));
    let moved = [replica(1, 2, "b"), promoted(2, "b", "a"), replica(3, 2, "b")];
    assert_eq!(elections.elect(&moved), is(2), "and that lasts");
    // The authority counts again as soon as its server claims, or as it names another one.
    let both = [master(1, "a"), promoted(2, "b", "a"), replica(3, 2, "b")];
    assert_eq!(elections.elect(&both), is(1));
    elections.authority = names(2, 1);
    assert_eq!(elections.elect(&both), is(2));
}

#[test]
fn a_named_master_that_is_gone_leaves_the_reads_to_the_replicas() {
    let mut elections = Elections::of_three();
    elections.authority = names(1, 0);
    let all = [master(1, "a"), replica(2, 1, "a"), replica(3, 1, "a")];
    assert_eq!(elections.elect(&all), is(1));
    // Another server that claims to be master is not elected while the authority names this one.
    let all = [dead(1), promoted(2, "b", "a"), replica(3, 2, "b")];
    assert_eq!(elections.elect(&all), Verdict::NoMaster);
    elections.authority = names(2, 1);
    assert_eq!(elections.elect(&all), is(2));
}

#[test]
fn an_authority_decides_whatever_the_servers_say() {
    let all = every_answer();
    for (number, before) in all.iter().enumerate() {
        // Another combination for each one; 7919 is prime to their number.
        let after = &all[number * 7919 % all.len()];
        for port in [1, 2, 3] {
            let mut start = Elections { authority: names(port, 1), ..Elections::default() };
            let verdict = start.elect(after);
            assert!(allows(&verdict, port, after), "{verdict:?} of {after:?}");
            let mut later = Elections::of_three();
            later.elect(before);
            later.authority = names(port, 1);
            let verdict = later.elect(after);
            assert!(allows(&verdict, port, after), "{verdict:?} of {after:?}");
        }
    }
}

fn any_statement() -> impl Strategy<Value = Option<Authority>> {
    let statement = (1_u16..=6, 0_u64..4);
    prop::option::of(statement.prop_map(|(port, epoch)| names(port, epoch)))
        .prop_map(Option::flatten)
}

proptest! {
    /// Over any course of events: no server is elected that does not claim; a statement of the
    /// highest epoch is followed; an older statement is ignored; and when the authority falls
    /// silent while its statement is carried out, or was, the next election of the same servers has
    /// the same outcome.
    #[test]
    fn a_statement_counts_by_its_epoch(
        rounds in prop::collection::vec((any_servers(), any_statement()), 1..8),
    ) {
        let mut elections = Elections::default();
        let mut newest: Option<Authority> = None;
        let mut is_fulfilled = false;
        for (servers, statement) in rounds {
            let is_newer = statement.as_ref().is_some_and(|statement| {
                newest.as_ref().is_none_or(|newest| statement.epoch > newest.epoch)
            });
            if is_newer {
                newest.clone_from(&statement);
                is_fulfilled = false;
            }
            let silently = |elections: &Elections| {
                let state = elections.state.clone();
                Elections { state, ..Elections::default() }.elect(&servers)
            };
            let without = silently(&elections);
            elections.authority.clone_from(&statement);
            let verdict = elections.elect(&servers);
            if let Verdict::Master(id) = verdict {
                let master = servers.iter().find(|it| it.id == id).unwrap();
                prop_assert!(master.claims());
            }
            let was_fulfilled = is_fulfilled;
            is_fulfilled |= verdict.master().is_some();
            let Some(statement) = statement else { continue };
            if Some(&statement) == newest.as_ref() {
                prop_assert!(allows(&verdict, statement.master.port, &servers), "{:?}", verdict);
                if verdict.master().is_some() || !was_fulfilled {
                    prop_assert_eq!(silently(&elections), verdict.clone());
                }
            } else {
                prop_assert_eq!(&verdict, &without);
            }
        }
    }

    /// A master that an authority deposed stays deposed while its successor claims, whatever
    /// replicas follow and whether or not the authority repeats its statement.
    #[test]
    fn a_deposed_master_stays_deposed(
        rounds in prop::collection::vec((any_servers(), any::<bool>()), 1..6),
    ) {
        let mut elections = Elections::of_three();
        elections.authority = names(2, 1);
        let all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 1, "a")];
        prop_assert_eq!(elections.elect(&all), is(2));
        for (mut servers, speaks) in rounds {
            servers[0] = master(1, "a");
            servers[1] = promoted(2, "b", "a");
            for it in servers.iter_mut().filter(|it| it.id.0 > 2 && it.claims()) {
                *it = replica(u16::try_from(it.id.0).unwrap(), 1, "a");
            }
            elections.authority = names(2, 1).filter(|_| speaks);
            prop_assert_ne!(elections.elect(&servers), is(1));
        }
    }
}
