//! Properties of the judgement over random evidence.

use proptest::prelude::*;

use super::*;

/// Any server of five, with histories that may continue each other.
fn any_witness(port: u16) -> impl Strategy<Value = Witness> {
    let history = prop::sample::select(vec!["a", "b", "c", "d", ""]);
    let link = prop::sample::select(vec![LinkState::Up, LinkState::Syncing, LinkState::Down]);
    let role = (0_u8..8, 1_u16..=5, link);
    let times = (0_u64..3_000, 0_u64..30_000, any::<Option<bool>>(), any::<bool>(), 0_u64..200);
    (role, history.clone(), history, times).prop_map(move |(role, replid, replid2, times)| {
        let (kind, of, link) = role;
        let (silent_ms, age_ms, severed, loading, offset) = times;
        let mut it = match kind {
            0 => dead(port),
            1..=3 => promoted(port, replid, replid2),
            _ => linked(port, of, replid, link),
        };
        if let Some(Ok(said)) = &mut it.said {
            said.loading = loading && kind == 1;
        }
        it.silent_ms = if kind == 2 { silent_ms } else { 0 };
        it.changed_ms = NOW - age_ms;
        it.offset = Some(offset);
        it.promotion = severed.map(|severed| Promotion { at_ms: NOW - age_ms, severed });
        if kind == 7 {
            it.said = None;
        }
        it
    })
}

fn any_servers() -> impl Strategy<Value = Vec<Witness>> {
    (any_witness(1), any_witness(2), any_witness(3), any_witness(4), any_witness(5))
        .prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e])
}

proptest! {
    /// The master claims to be it; it changes only to one that is followed or continues the last
    /// one's history; and the judgement is the same whatever the order of the servers.
    #[test]
    fn a_judgement_holds_to_the_evidence(
        rounds in prop::collection::vec(any_servers(), 1..6),
        turn in 0_usize..5,
    ) {
        let mut court = Court::default();
        for servers in rounds {
            let before = court.reign.clone();
            let verdict = court.judge(&servers);
            let mut turned = servers.clone();
            turned.rotate_left(turn);
            let evidence = Evidence {
                servers: turned,
                configured: HostPort::local(1),
                now_ms: NOW,
                silence_ms: 1_000,
            };
            let mut reign = before.clone();
            reign.learn(&evidence);
            let again = elect(&evidence, &reign);
            prop_assert_eq!(again.master(), verdict.master());
            let Some(id) = verdict.master() else { continue };
            let master = evidence.get(id).unwrap();
            prop_assert!(master.claims());
            let Some(last) = before.master() else { continue };
            let histories = before.histories();
            let named = evidence.get(last).and_then(Witness::follows);
            let is_proven = last == id
                || histories.is_empty()
                || master.replid().is_empty()
                || histories.iter().any(|it| reign.descends(master.replid(), it))
                || evidence.get(last).is_some_and(|it| reign.continues(master, it))
                || named.is_some_and(|(addr, _)| addr == &master.addr)
                || evidence.followers(master).next().is_some();
            prop_assert!(is_proven, "{:?}", evidence);
        }
    }

    /// Once a server was deposed by a successor that answers, it never comes back while that one
    /// claims and the history is a straight line.
    #[test]
    fn a_deposed_server_stays_deposed(
        followers in prop::collection::vec((1_u16..=2, any::<bool>()), 3..4),
        silent_ms in 0_u64..900,
    ) {
        let mut court = Court::of_three();
        let all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 2, "b")];
        prop_assert_eq!(court.judge(&all), is(2));
        let mut all = vec![master(1, "a"), promoted(2, "b", "a")];
        all[1].silent_ms = silent_ms;
        for (port, (of, up)) in (3..).zip(followers) {
            let link = if up { LinkState::Up } else { LinkState::Down };
            all.push(linked(port, of, if of == 1 { "a" } else { "b" }, link));
        }
        prop_assert_eq!(court.judge(&all), is(2));
    }
}
