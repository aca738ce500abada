//! Identities, and how long a server is kept.

use super::super::contact::BACK_OFF_MAX;
use super::*;
use crate::topology::Observation;
use crate::topology::{Backend, Role, Shard};

fn named(ports: &[u16], is_configured: bool) -> Vec<NamedServer> {
    let named =
        |port: &u16| NamedServer { addr: HostPort::local(*port), is_configured, is_local: false };
    ports.iter().map(named).collect()
}

fn ids(roster: &Roster) -> Vec<u32> {
    roster.members().iter().map(|member| member.id.0).collect()
}

#[tokio::test]
async fn ids_belong_to_addresses_for_ever() {
    let (mut roster, now) = (Roster::default(), Instant::now());
    assert!(!roster.update(&named(&[1, 2], true), now));
    let health = Arc::clone(&roster.members()[1].health);
    assert!(roster.update(&named(&[1], true), now), "not configured any more");
    roster.update(&named(&[1, 3, 2], true), now);
    assert_eq!(ids(&roster), [1, 3, 2]);
    assert!(Arc::ptr_eq(&health, &roster.members()[2].health));
}

#[tokio::test]
async fn the_next_roster_knows_the_servers_by_their_ids() {
    let (mut roster, now) = (Roster::default(), Instant::now());
    roster.update(&named(&[1, 2], true), now);
    let backend = |id, port, health| Backend {
        id: BackendId(id),
        addr: HostPort::local(port),
        endpoint: None,
        role: Role::Unknown,
        weight: 1,
        scan_tag: 0,
        data_epoch: 0,
        excluded: None,
        is_local: false,
        pass: 0,
        health,
    };
    let health = Arc::<Health>::default();
    let backends = vec![backend(7, 1, Arc::clone(&health)), backend(3, 2, Arc::default())];
    let topology = Topology::of(Shard { backends, ..Shard::default() });
    let mut roster = Roster::resume(&topology, now);
    assert!(!roster.update(&named(&[2, 4], true), now), "a discovered server lingers");
    assert_eq!(ids(&roster), [7, 3, 8]);
    assert!(Arc::ptr_eq(&health, &roster.members()[0].health));
    assert_eq!(roster.due(now).count(), 3);
}

#[tokio::test]
async fn a_discovered_server_lingers() {
    let (mut roster, now) = (Roster::default(), Instant::now());
    roster.update(&named(&[1, 2], false), now);
    assert!(!roster.update(&named(&[1], false), now + LINGER / 2));
    assert_eq!(ids(&roster), [1, 2]);
    assert!(roster.update(&named(&[1], false), now + LINGER));
    assert_eq!(ids(&roster), [1]);
}

#[tokio::test]
async fn addresses_without_end_are_forgotten_but_ids_are_not_reused() {
    let (mut roster, now) = (Roster::default(), Instant::now());
    for port in 1..10_000 {
        roster.update(&named(&[port], true), now);
    }
    assert!(roster.ids.len() <= REMEMBERED_MAX);
    assert_eq!(ids(&roster), [9_999]);
}

#[tokio::test]
async fn a_master_that_a_replica_has_reached_is_asked_at_once() {
    let (mut roster, now) = (Roster::default(), Instant::now());
    roster.update(&named(&[1, 2], true), now);
    let late = now + BACK_OFF_MAX;
    roster.members[0].said = Some(Err("cannot be reached".to_owned()));
    roster.members[0].contact.retry_at = late;
    let said = |link| Observation {
        role: ServerRole::Replica { master: HostPort::local(1), link },
        run_id: String::new(),
        replid: String::new(),
        replid2: String::new(),
        second_offset: None,
        version: crate::topology::ServerVersion::default(),
        loading: false,
        eviction: None,
        commands: 0,
        data_epoch: 0,
    };
    for (link, retry_at) in [(LinkState::Down, late), (LinkState::Syncing, now)] {
        roster.members[1].said = Some(Ok(said(link)));
        roster.hurry(now);
        assert_eq!(roster.members[0].contact.retry_at, retry_at);
    }
}
