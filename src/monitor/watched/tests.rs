//! Answers in, topologies out, without a server.

use std::time::Duration;

use super::*;
use crate::config::{HostPort, TopologyConfig};
use crate::sentinel::{Report, ReportedReplica};
use crate::topology::{LinkState, Observation, Role, ServerRole, ServerVersion};

struct Trial {
    watched: Watched,
    config: Config,
    topology: Arc<ArcSwap<Topology>>,
    start: Instant,
}

impl Trial {
    /// Server 1 is the configured master; nothing was asked yet.
    fn new() -> Self {
        let start = Instant::now();
        let topology = Arc::new(ArcSwap::from_pointee(Topology::default()));
        let config = Config {
            topology: TopologyConfig {
                master: Some(HostPort::local(1)),
                ..TopologyConfig::default()
            },
            ..Config::default()
        };
        let watched = Watched::resume(Arc::clone(&topology), &config, (start, start));
        Self { watched, config, topology, start }
    }

    /// Servers 2 and 3 are replicas of server 1, and all of them have answered.
    fn of_three() -> Self {
        let mut trial = Self::new();
        trial.publish(0);
        trial.answer(1, 0, Ok((master(&[2, 3]), "a")));
        trial.publish(0);
        trial.answer(2, 0, Ok((replica(1), "a")));
        trial.answer(3, 0, Ok((replica(1), "a")));
        trial.publish(0);
        trial
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    /// The server at this port answers a whole probe, or does not.
    fn answer(&mut self, port: u16, ms: u64, said: Result<(ServerRole, &str), &str>) {
        let id = self.watched.roster.at(&HostPort::local(port)).expect("known").id;
        let said = said.map_err(str::to_owned).map(|(role, replid)| Observation {
            role,
            run_id: port.to_string(),
            replid: replid.to_owned(),
            replid2: if replid == "a" { String::new() } else { "a".to_owned() },
            second_offset: None,
            version: ServerVersion::default(),
            loading: false,
            eviction: None,
            commands: 0,
            data_epoch: 0,
        });
        let probed = Probed {
            link: None,
            reached: None,
            is_new: true,
            was_severed: false,
            said: Some(said),
            sample: None,
        };
        let now = self.at(ms);
        self.watched.hear_probe(id, probed, now);
    }

    /// Publishes; the ports of the servers to be asked.
    fn publish(&mut self, ms: u64) -> Vec<u16> {
        let now = self.at(ms);
        let to_ask = self.watched.publish(&self.config, now);
        let port = |id| self.watched.roster.get(id).map(|member| member.addr.port);
        to_ask.servers.into_iter().filter_map(port).collect()
    }

    fn master(&self) -> Option<u16> {
        self.topology.load().sole_shard().master().map(|master| master.addr.port)
    }

    /// How often the server at this port was fenced.
    fn fences(&self, port: u16) -> u32 {
        self.watched.roster.at(&HostPort::local(port)).expect("known").health.fence.epoch()
    }
}

fn master(replicas: &[u16]) -> ServerRole {
    ServerRole::Master { replicas: replicas.iter().map(|port| HostPort::local(*port)).collect() }
}

fn replica(of: u16) -> ServerRole {
    ServerRole::Replica { master: HostPort::local(of), link: LinkState::Up }
}

#[tokio::test]
async fn the_servers_that_a_master_lists_are_asked() {
    let mut trial = Trial::new();
    assert_eq!(trial.publish(0), [1]);
    trial.answer(1, 0, Ok((master(&[2, 3]), "a")));
    assert_eq!(trial.publish(0), [2, 3]);
    assert_eq!(trial.master(), Some(1));
    trial.answer(2, 0, Ok((replica(1), "a")));
    assert_eq!(trial.publish(0), [3]);
    let roles: Vec<_> = trial.topology.load().backends().map(|it| it.role).collect();
    assert_eq!(roles, [Role::Master, Role::Replica]);
}

#[tokio::test]
async fn only_changes_are_published() {
    let mut trial = Trial::of_three();
    let generation = trial.topology.load().generation;
    trial.answer(2, 100, Ok((replica(1), "a")));
    trial.publish(100);
    assert_eq!(trial.topology.load().generation, generation);
    trial.answer(2, 200, Err("cannot be reached"));
    trial.publish(200);
    assert_eq!(trial.topology.load().generation, generation + 1);
}

#[tokio::test]
async fn a_master_that_is_deposed_against_its_claim_is_fenced() {
    let mut trial = Trial::of_three();
    trial.answer(2, 10_000, Ok((master(&[3]), "b")));
    trial.answer(3, 10_000, Ok((replica(2), "b")));
    trial.publish(10_100);
    assert_eq!((trial.master(), trial.fences(1)), (Some(2), 1));
}

#[tokio::test]
async fn a_master_that_is_demoted_is_not_fenced() {
    let mut trial = Trial::of_three();
    trial.answer(1, 10_000, Ok((replica(2), "a")));
    trial.publish(10_000);
    assert_eq!((trial.master(), trial.fences(1)), (None, 0));
    assert!(trial.topology.load().sole_shard().is_held(10_001));
    trial.answer(2, 10_100, Ok((master(&[1, 3]), "b")));
    trial.publish(10_100);
    assert_eq!((trial.master(), trial.fences(1)), (Some(2), 0));
}

#[tokio::test]
async fn a_master_that_a_reload_names_takes_over_when_it_answers() {
    let mut trial = Trial::of_three();
    trial.config.topology.master = Some(HostPort::local(9));
    assert_eq!(trial.publish(1_000), [9]);
    trial.answer(9, 1_000, Err("cannot be reached"));
    trial.publish(1_000);
    assert_eq!(trial.master(), Some(1), "until the named one answers");
    trial.answer(9, 2_000, Ok((master(&[]), "x")));
    trial.publish(2_000);
    assert_eq!(trial.master(), Some(9));
    let known: Vec<_> = trial.topology.load().backends().map(|it| it.addr.port).collect();
    assert_eq!(known, [9], "the others have another master's data");
}

#[tokio::test]
async fn the_next_monitor_continues_from_the_published_topology() {
    let trial = Trial::of_three();
    let published = trial.topology.load_full();
    let clock = (trial.start, trial.at(5_000));
    let mut next = Watched::resume(Arc::clone(&trial.topology), &trial.config, clock);
    assert_eq!(next.shard.master(), published.sole_shard().master().map(|it| it.id));
    let ids = |watched: &Watched| {
        watched.roster.members().iter().map(|member| member.id).collect::<Vec<_>>()
    };
    next.update(&trial.config, trial.at(5_000));
    assert_eq!(ids(&next), ids(&trial.watched));
}

#[tokio::test]
async fn a_master_is_asked_for_its_commands_once() {
    let mut trial = Trial::of_three();
    assert!(trial.watched.publish(&trial.config, trial.at(100)).commands.is_none());
    trial.watched.commands = MasterCommands::default();
    let to_ask = trial.watched.publish(&trial.config, trial.at(100));
    assert_eq!(to_ask.commands.map(|(run_id, _)| run_id).as_deref(), Some("1"));
}

#[tokio::test]
async fn a_server_that_sentinels_have_deposed_gets_no_request_after_a_reload_until_others_speak() {
    let mut trial = Trial::of_three();
    let topology = &mut trial.config.topology;
    (topology.sentinels, topology.master_name) = (vec![HostPort::local(9)], "m".to_owned());
    trial.watched.follow_sentinels(&trial.config, trial.at(0));
    trial.watched.hear_sentinel(names(1, 4), trial.at(0));
    trial.publish(0);
    assert_eq!(trial.master(), Some(1));
    trial.watched.hear_sentinel(names(2, 5), trial.at(1_000));
    trial.publish(1_000);
    assert_eq!((trial.master(), trial.fences(1)), (None, 1), "server 2 is not master yet");
    trial.config.topology.master_name = "unwatched".to_owned();
    trial.watched.follow_sentinels(&trial.config, trial.at(1_100));
    trial.publish(1_100);
    assert_eq!(trial.master(), None);
    assert!(trial.topology.load().sole_shard().is_held(1_101));
    // The new Sentinels name the old master again.
    trial.watched.hear_sentinel(names(1, 0), trial.at(1_200));
    trial.publish(1_200);
    assert_eq!(trial.master(), Some(1));
}

/// The only Sentinel names this server as the master of servers 1 to 3, in this epoch.
fn names(master: u16, epoch: u64) -> FromSentinel {
    let replica =
        |port| ReportedReplica { addr: HostPort::local(port), run_id: None, is_down: false };
    let report = Report {
        run_id: Some("sentinel".to_owned()),
        master: HostPort::local(master),
        master_run_id: None,
        epoch,
        quorum: 1,
        failover: None,
        is_master_down: false,
        replicas: (1..=3).filter(|it| *it != master).map(replica).collect(),
        others: Vec::new(),
    };
    FromSentinel::report(HostPort::local(9), report)
}
