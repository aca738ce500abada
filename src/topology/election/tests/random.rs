//! Properties of the election over random evidence.

use proptest::prelude::*;

use super::*;

/// Any server of five, with histories that may continue each other.
fn any_server(port: u16) -> impl Strategy<Value = ServerEvidence> {
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

pub(super) fn any_servers() -> impl Strategy<Value = Vec<ServerEvidence>> {
    (any_server(1), any_server(2), any_server(3), any_server(4), any_server(5))
        .prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e])
}

proptest! {
    /// The elected server reports that it is master; the master changes only to a server that is
    /// followed or continues the last one's history; and the order of the servers does not matter.
    #[test]
    fn an_election_keeps_to_the_evidence(
        rounds in prop::collection::vec(any_servers(), 1..6),
        turn in 0_usize..5,
    ) {
        let mut elections = Elections::default();
        for servers in rounds {
            let before = elections.state.clone();
            let verdict = elections.elect(&servers);
            let mut turned = servers.clone();
            turned.rotate_left(turn);
            let evidence = Evidence {
                servers: turned,
                authority: None,
                configured: Some(HostPort::local(1)),
                now_ms: NOW,
                silence_ms: 1_000,
            };
            let mut state = before.clone();
            state.learn(&evidence);
            let again = elect(&evidence, &state);
            prop_assert_eq!(again.master(), verdict.master());
            let Some(id) = verdict.master() else { continue };
            let master = evidence.get(id).unwrap();
            prop_assert!(master.claims());
            let Some(last) = before.master() else { continue };
            let histories = before.histories();
            let named = evidence.get(last).and_then(ServerEvidence::follows);
            let is_proven = last == id
                || histories.is_empty()
                || master.replid().is_empty()
                || histories.iter().any(|it| state.descends(master.replid(), it))
                || evidence.get(last).is_some_and(|it| state.continues(master, it))
                || named.is_some_and(|(addr, _)| addr == &master.addr)
                || evidence.followers(master).next().is_some();
            prop_assert!(is_proven, "{:?}", evidence);
        }
    }

    /// A server that was deposed by a successor which answers never comes back while the successor
    /// claims to be master and the history is a straight line.
    #[test]
    fn a_deposed_server_stays_deposed(
        followers in prop::collection::vec((1_u16..=2, any::<bool>()), 3..4),
        silent_ms in 0_u64..900,
    ) {
        let mut elections = Elections::of_three();
        let all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 2, "b")];
        prop_assert_eq!(elections.elect(&all), is(2));
        let mut all = vec![master(1, "a"), promoted(2, "b", "a")];
        all[1].silent_ms = silent_ms;
        for (port, (of, up)) in (3..).zip(followers) {
            let link = if up { LinkState::Up } else { LinkState::Down };
            all.push(linked(port, of, if of == 1 { "a" } else { "b" }, link));
        }
        prop_assert_eq!(elections.elect(&all), is(2));
    }
}
