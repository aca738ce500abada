//! The election, case by case and over random evidence.

mod authority;
mod random;
mod restarted;

use std::sync::Arc;

use super::elect::{FAILOVER_MS, HANDOVER_MS};
use super::*;
use crate::topology::{
    Attached, BackendId, LinkState, Observation, Role, ServerRole, ServerVersion,
};
use tidegate_wire::units::HostPort;

/// A server whose port is also its id.
fn server(port: u16, said: Option<ServerRole>, replid: &str) -> ServerEvidence {
    let said = said.map(|role| Observation {
        role,
        run_id: port.to_string(),
        replid: replid.to_owned(),
        replid2: String::new(),
        second_offset: None,
        version: ServerVersion::default(),
        loading: false,
        eviction: None,
        commands: 0,
        data_epoch: 0,
    });
    ServerEvidence {
        id: BackendId(u32::from(port)),
        addr: HostPort::local(port),
        is_listed: true,
        is_embedded: false,
        said: Some(said.ok_or_else(|| "does not answer".to_owned())),
        offset: Some(100),
        attached: Vec::new(),
        silent_ms: 0,
        confirmed_ms: NOW,
        changed_ms: NOW,
        promotion: None,
    }
}

const NOW: u64 = 1_000_000;

fn master(port: u16, replid: &str) -> ServerEvidence {
    server(port, Some(ServerRole::Master { replicas: Vec::new() }), replid)
}

/// A master whose history continues `replid2`.
fn promoted(port: u16, replid: &str, replid2: &str) -> ServerEvidence {
    let mut it = master(port, replid);
    if let Some(Ok(said)) = &mut it.said {
        said.replid2 = replid2.to_owned();
        said.second_offset = Some(100);
    }
    it
}

fn replica(port: u16, of: u16, replid: &str) -> ServerEvidence {
    linked(port, of, replid, LinkState::Up)
}

fn linked(port: u16, of: u16, replid: &str, link: LinkState) -> ServerEvidence {
    server(port, Some(ServerRole::Replica { master: HostPort::local(of), link }), replid)
}

fn dead(port: u16) -> ServerEvidence {
    server(port, None, "")
}

/// Elections that follow one another, with server 1 as the configured master.
#[derive(Default)]
struct Elections {
    state: ElectionState,
    now_ms: u64,
    /// What the authority says.
    authority: Option<Authority>,
}

impl Elections {
    fn elect(&mut self, servers: &[ServerEvidence]) -> Verdict {
        self.elect_at(NOW + self.now_ms, servers)
    }

    fn elect_at(&mut self, now_ms: u64, servers: &[ServerEvidence]) -> Verdict {
        let evidence = Evidence {
            servers: servers.to_vec(),
            authority: self.authority.clone(),
            configured: Some(HostPort::local(1)),
            now_ms,
            silence_ms: 1_000,
        };
        self.state.learn(&evidence);
        let verdict = elect(&evidence, &self.state);
        self.state.record(&verdict, &evidence);
        verdict
    }

    /// Server 1 is master of 2 and 3.
    fn of_three() -> Self {
        let mut elections = Self::default();
        let verdict = elections.elect(&[master(1, "a"), replica(2, 1, "a"), replica(3, 1, "a")]);
        assert_eq!(verdict, is(1));
        elections
    }
}

fn is(port: u32) -> Verdict {
    Verdict::Master(BackendId(port))
}

fn is_undecided(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Undecided(_))
}

#[test]
fn the_configured_master_is_master_if_it_says_so() {
    assert_eq!(Elections::default().elect(&[master(1, "a"), replica(2, 1, "a")]), is(1));
    assert_eq!(
        Elections::default().elect(&[master(1, "a")]),
        is(1),
        "without followers or a rival"
    );
    assert_eq!(Elections::default().elect(&[dead(1), replica(2, 1, "a")]), Verdict::NoMaster);
}

#[test]
fn a_demoted_master_names_its_successor() {
    let mut elections = Elections::of_three();
    let all = [replica(1, 3, "a"), master(2, "x"), promoted(3, "b", "a")];
    assert_eq!(elections.elect(&all), is(3));
}

#[test]
fn a_demoted_masters_successor_is_waited_for() {
    let mut elections = Elections::of_three();
    let all = [linked(1, 2, "a", LinkState::Down), replica(2, 1, "a"), replica(3, 1, "a")];
    assert_eq!(elections.elect(&all), Verdict::HandingOver(NOW + HANDOVER_MS));
    assert_eq!(elections.elect_at(NOW + HANDOVER_MS, &all), Verdict::NoMaster);
    assert_eq!(
        elections.elect(&[replica(1, 2, "b"), promoted(2, "b", "a"), replica(3, 1, "a")]),
        is(2)
    );
}

#[test]
fn a_master_that_its_replicas_left_is_deposed_and_stays_so() {
    for link in [LinkState::Up, LinkState::Syncing] {
        let mut elections = Elections::of_three();
        let all = [master(1, "a"), promoted(2, "b", "a"), linked(3, 2, "a", link)];
        assert_eq!(elections.elect(&all), is(2));
        // What it still claims, and a replica that goes back to it, change nothing.
        let all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 1, "a")];
        assert_eq!(elections.elect(&all), is(2));
        assert_eq!(elections.elect(&[master(1, "a"), dead(2), dead(3)]), Verdict::NoMaster);
    }
}

#[test]
fn a_detached_replica_does_not_disturb_a_master_with_followers() {
    let mut elections = Elections::of_three();
    let all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 1, "a")];
    assert_eq!(elections.elect(&all), is(1));
    elections.now_ms = 20_000;
    assert_eq!(elections.elect(&all), is(1));
    // Long after that its claim is none, though the master loses its last follower or stalls.
    let mut all = [master(1, "a"), promoted(2, "b", "a"), dead(3)];
    assert_eq!(elections.elect(&all), is(1));
    all[0].silent_ms = 2_000;
    assert_eq!(elections.elect(&all), is(1));
    // But one that is followed is one.
    let all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 2, "b")];
    assert_eq!(elections.elect(&all), is(2));
}

#[test]
fn a_failover_in_the_manner_of_sentinel_stops_the_writes_until_a_replica_follows() {
    let mut elections = Elections::of_three();
    let mut all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 1, "a")];
    all[1].promotion = Some(Promotion { at_ms: NOW, severed: true });
    assert!(is_undecided(&elections.elect(&all)));
    elections.now_ms = FAILOVER_MS;
    assert_eq!(elections.elect(&all), is(1), "the other replica stayed");
    elections.now_ms = 0;
    assert!(is_undecided(&elections.elect(&all)));
    all[2] = linked(3, 2, "a", LinkState::Syncing);
    assert_eq!(elections.elect(&all), is(2));
}

/// The last master and both of its replicas, which were promoted.
#[test]
fn the_reason_names_every_claimant() {
    let mut elections = Elections::default();
    let whole = [master(1, "a"), replica(2, 1, "a"), replica(3, 1, "a")];
    assert_eq!(elections.elect(&whole), is(1));
    let verdict = elections.elect(&[master(1, "a"), promoted(2, "b", "a"), promoted(3, "c", "a")]);
    let Verdict::Undecided(reason) = &verdict else { panic!("{verdict:?}") };
    let wanted = "127.0.0.1:1, 127.0.0.1:2 and 127.0.0.1:3 all say that they are the master, and \
                  no majority of the replicas follows any";
    assert_eq!(reason, wanted);
}

#[test]
fn two_claimants_without_followers_are_undecided() {
    let mut elections = Elections::default();
    assert_eq!(elections.elect(&[master(1, "a"), replica(2, 1, "a")]), is(1));
    let claims = [master(1, "a"), promoted(2, "b", "a")];
    let verdict = elections.elect(&claims);
    let Verdict::Undecided(reason) = &verdict else { panic!("{verdict:?}") };
    assert!(reason.starts_with("127.0.0.1:1 and 127.0.0.1:2 both say"), "{reason}");
    elections.now_ms = 60_000;
    assert!(is_undecided(&elections.elect(&claims)), "time does not decide it");
    let mut follower = elections.state.clone();
    // One follows the other, one goes, or a follower attaches.
    assert_eq!(elections.elect(&[master(1, "a"), replica(2, 1, "a")]), is(1));
    elections.state = follower.clone();
    assert_eq!(elections.elect(&[master(1, "a"), dead(2)]), is(1));
    elections.state = follower.clone();
    let mut attached = claims.clone();
    attached[1].attached = vec![Attached { addr: HostPort::local(9), offset: 1, age_ms: 1_000 }];
    assert_eq!(elections.elect(&attached), is(2));
    // The operator names one.
    follower.override_by_operator();
    elections.state = follower;
    assert_eq!(elections.elect(&claims), is(1));
    assert_eq!(elections.elect(&claims), is(1), "and that lasts");
}

#[test]
fn a_stray_master_never_disturbs() {
    let mut elections = Elections::of_three();
    let mut all = vec![master(1, "a"), replica(2, 1, "a"), replica(3, 1, "a"), master(4, "x")];
    assert_eq!(elections.elect(&all), is(1));
    all[0].silent_ms = 5_000;
    assert_eq!(elections.elect(&all), is(1));
    all[0] = dead(1);
    assert_eq!(elections.elect(&all), Verdict::NoMaster, "its data is not the master's");
    let all =
        [master(1, "a"), linked(2, 4, "x", LinkState::Up), replica(3, 1, "a"), master(4, "x")];
    assert_eq!(elections.elect(&all), is(1));
}

#[test]
fn a_silent_master_is_left_as_soon_as_another_is_proven() {
    let mut elections = Elections::of_three();
    let mut all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 1, "a")];
    all[0].silent_ms = 999;
    assert_eq!(elections.elect(&all), is(1));
    all[0].silent_ms = 1_000;
    assert_eq!(elections.elect(&all), is(2));
    all[0].silent_ms = 0;
    assert_eq!(elections.elect(&all), is(2), "it thaws");
    let mut elections = Elections::of_three();
    let mut all = [master(1, "a"), replica(2, 1, "a"), replica(3, 1, "a")];
    all[0].silent_ms = 60_000;
    assert_eq!(elections.elect(&all), is(1), "there is no other");
}

/// It comes back as a master with what it had saved long ago.
#[test]
fn a_restarted_replica_is_not_elected_while_another_one_has_more_data() {
    let mut elections = Elections::of_three();
    let mut all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 1, "a")];
    all[2].offset = Some(5_000);
    all[0].silent_ms = 4_000;
    assert_eq!(elections.elect(&all), is(1));
    let mut later = all.clone();
    later[0] = dead(1);
    assert_eq!(elections.elect(&later), Verdict::NoMaster);
    // The proxy saw a replica's promotion: that one has kept its data.
    all[1].promotion = Some(Promotion { at_ms: NOW, severed: false });
    assert_eq!(elections.elect(&all), is(2));
    // The others follow it.
    let mut elections = Elections::of_three();
    all[1].promotion = None;
    all[2] = replica(3, 2, "b");
    assert_eq!(elections.elect(&all), is(2));
    // No other replica has more.
    let mut elections = Elections::of_three();
    assert_eq!(elections.elect(&[dead(1), promoted(2, "b", "a"), dead(3)]), is(2));
}

#[test]
fn a_master_is_asked_again_before_it_is_deposed() {
    let mut elections = Elections::of_three();
    let mut all = [master(1, "a"), promoted(2, "b", "a"), replica(3, 2, "b")];
    all[0].confirmed_ms = NOW - 1;
    assert_eq!(elections.elect(&all), is(1), "it may have been demoted since");
    elections.now_ms = 50;
    assert_eq!(elections.elect(&all), is(2), "it has had its time");
}

#[test]
fn a_restarted_master_does_not_forget_its_rival() {
    let mut elections = Elections::of_three();
    // It lost its history, and the promoted replica continues the one that it had.
    let all = [master(1, "z"), promoted(2, "b", "a"), replica(3, 2, "b")];
    assert_eq!(elections.elect(&all), is(2));
}

#[test]
fn a_start_does_not_trust_a_configured_master_that_was_left() {
    // Whatever its history.
    for replid in ["a", "z"] {
        let all = [master(1, replid), promoted(2, "b", "a"), replica(3, 2, "b")];
        assert_eq!(Elections::default().elect(&all), is(2));
    }
    let all = [master(1, "a"), promoted(2, "b", "a")];
    assert!(is_undecided(&Elections::default().elect(&all)));
    // Not before the replicas were heard.
    let mut all = vec![master(1, "a"), replica(2, 1, "a")];
    all[1].said = None;
    assert_eq!(Elections::default().elect(&all), Verdict::NoMaster);
    all[0].attached = vec![Attached { addr: HostPort::local(9), offset: 1, age_ms: 1_000 }];
    assert_eq!(Elections::default().elect(&all), is(1), "it has followers");
}

#[test]
fn a_start_without_the_configured_master_takes_the_newest_data() {
    let mut all = [dead(1), promoted(2, "b", "a"), linked(3, 1, "a", LinkState::Down)];
    all[2].offset = Some(99);
    assert_eq!(Elections::default().elect(&all), is(2));
    all[2].offset = Some(500);
    assert_eq!(
        Elections::default().elect(&all),
        Verdict::NoMaster,
        "a copy that was detached long ago"
    );
}

#[test]
fn servers_without_histories_are_judged_by_their_followers() {
    let mut elections = Elections::default();
    assert_eq!(elections.elect(&[master(1, ""), replica(2, 1, "")]), is(1));
    assert_eq!(elections.elect(&[master(1, ""), master(2, ""), replica(3, 2, "")]), is(2));
}

#[test]
fn the_engine_of_this_process_supports_no_claim() {
    let mut elections = Elections::of_three();
    let mut all =
        vec![master(1, "a"), promoted(2, "b", "a"), replica(3, 2, "b"), replica(4, 1, "a")];
    all[3].is_embedded = true;
    assert_eq!(elections.elect(&all), is(2));
}

/// The masters list the engine by the address of its connection, not by that of its port.
#[test]
fn the_engine_supports_no_claim_by_another_address_either() {
    let elsewhere = HostPort { host: "10.0.0.9".to_owned(), port: 4 };
    let attached = Attached { addr: elsewhere, offset: 100, age_ms: 0 };
    for followed in [1, 2] {
        let mut elections = Elections::of_three();
        let mut engine = replica(4, followed, "a");
        engine.is_embedded = true;
        let mut all = [master(1, "a"), promoted(2, "b", "a"), dead(3), engine];
        all[usize::from(followed) - 1].attached.push(attached.clone());
        let verdict = elections.elect(&all);
        assert!(is_undecided(&verdict), "{followed} {verdict:?}");
    }
}

#[test]
fn servers_are_put_in_their_places() {
    let candidate = |it: &ServerEvidence| Candidate {
        id: it.id,
        addr: it.addr.clone(),
        endpoint: None,
        weight: 1,
        is_local: false,
        barred: None,
        health: Arc::default(),
        said: it.said.clone().unwrap(),
    };
    let all = [replica(1, 3, "b"), master(2, "a"), master(3, "b"), replica(4, 2, "a"), dead(5)];
    let placed = assign_roles(all.iter().map(candidate).collect(), Some(BackendId(3)));
    let shown = |it: &crate::topology::Backend| (it.id.0, it.role, it.excluded.is_none());
    let (replica, unknown) = (Role::Replica, Role::Unknown);
    assert_eq!(
        placed.iter().map(shown).collect::<Vec<_>>(),
        [
            (3, Role::Master, true),
            (1, replica, true),
            (2, unknown, false),
            (4, replica, false),
            (5, unknown, false)
        ]
    );
    let nameless = [master(1, ""), self::replica(2, 1, "")];
    let placed = assign_roles(nameless.iter().map(candidate).collect(), Some(BackendId(1)));
    assert!(placed[1].excluded.is_none(), "a server before Redis 4 tells no history");
}
