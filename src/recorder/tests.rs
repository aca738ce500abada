//! Tests of the recorder and of its events.

use std::sync::Arc;
use std::time::Duration;

use super::differ::differ;
use super::{Event, EventKind, Gate, Level, Recorder, SECONDS, Sample, ServerSample};
use crate::telemetry::{Class, DurationCounts, Durations, Kind};
use crate::topology::{
    Backend, BackendId, Freshness, Health, HoldReason, Report, Role, StaleReason,
};
use tidegate_wire::units::HostPort;

fn report(id: u32, role: Role) -> Report {
    let addr = HostPort::local(u16::try_from(7_000 + id).unwrap());
    let backend = Backend {
        id: BackendId(id),
        addr,
        endpoint: None,
        role,
        weight: 1,
        scan_tag: 0,
        data_epoch: 0,
        excluded: None,
        is_local: false,
        pass: 0,
        health: Arc::new(Health::default()),
    };
    Report::of(&backend, 0)
}

fn server(id: u32, role: Role) -> ServerSample {
    let mut report = report(id, role);
    if role == Role::Replica {
        (report.state, report.reason, report.lag_ms) = (Some(Freshness::Fresh), None, Some(40));
    }
    ServerSample { report, sent: [0; 10], departures: [0; 11] }
}

/// A master and two fresh replicas.
fn sample(now_ms: u64) -> Sample {
    let servers = vec![server(1, Role::Master), server(2, Role::Replica), server(3, Role::Replica)];
    let gate = Gate { open: true, good: 2, wanted: 1 };
    Sample { now_ms, unix_ms: 1_000_000 + now_ms, servers, gate, ..Sample::default() }
}

fn stale(server: &mut ServerSample, reason: StaleReason) {
    (server.report.state, server.report.reason) = (Some(reason.freshness()), Some(reason));
}

/// The texts of the events between two samples, with their servers.
fn told(before: &Sample, now: &Sample) -> Vec<String> {
    let text = |it: super::event::News| {
        let server = it.server.map(|server| format!("{server} ")).unwrap_or_default();
        format!("{server}{}", it.text)
    };
    differ(before, now).into_iter().map(text).collect()
}

#[test]
fn nothing_happens_between_equal_samples() {
    assert!(differ(&sample(0), &sample(250)).is_empty());
}

#[test]
fn a_replica_that_goes_stale_and_comes_back_is_told_with_the_reason() {
    let (fresh, mut behind) = (sample(0), sample(250));
    stale(&mut behind.servers[1], StaleReason::Lag);
    assert_eq!(told(&fresh, &behind), ["127.0.0.1:7002 replica, stale (lag)"]);
    assert_eq!(differ(&fresh, &behind)[0].level, Level::Bad);
    assert_eq!(told(&behind, &fresh), ["127.0.0.1:7002 replica, fresh"]);
    assert_eq!(differ(&behind, &fresh)[0].level, Level::Good);
    let mut short = sample(250);
    short.servers[1].departures[StaleReason::Lag as usize - 1] += 1;
    assert_eq!(told(&fresh, &short), ["127.0.0.1:7002 was not fresh for a moment (lag)"]);
    let mut dead = sample(500);
    stale(&mut dead.servers[2], StaleReason::NoAnswer);
    dead.servers[2].report.role = Role::Unknown;
    dead.servers[2].report.excluded = Some("cannot be reached: Connection refused".to_owned());
    let text = "127.0.0.1:7003 unknown (no-answer: cannot be reached: Connection refused)";
    assert_eq!(told(&fresh, &dead), [text]);
}

#[test]
fn servers_join_and_leave_and_the_master_changes() {
    let (before, mut after) = (sample(0), sample(250));
    after.servers.remove(2);
    after.servers.push(server(9, Role::Replica));
    let texts = [
        "127.0.0.1:7009 joined: replica, fresh",
        "127.0.0.1:7003 left the topology; it was replica, fresh",
    ];
    assert_eq!(told(&before, &after), texts);
    let mut lost = sample(250);
    lost.servers[0] = server(1, Role::Unknown);
    assert!(told(&before, &lost)[0].ends_with("no server is known to be master"));
    assert_eq!(told(&lost, &before), ["127.0.0.1:7001 is the master"]);
}

#[test]
fn gate_hold_reloads_and_the_end_are_told() {
    let (before, mut after) = (sample(0), sample(250));
    after.gate = Gate { open: false, good: 0, wanted: 1 };
    after.hold = Some(HoldReason::Silent);
    after.reloads.failures = 1;
    after.draining = true;
    after.restarts = 1;
    let kinds: Vec<_> = differ(&before, &after).into_iter().map(|it| it.kind).collect();
    use EventKind::{Gate as Closed, Hold, Proxy, Reload};
    assert_eq!(kinds, [Closed, Hold, Reload, Proxy, Proxy]);
    assert_eq!(told(&before, &after)[1], "requests wait: the master does not answer");
    let back = told(&after, &before);
    assert_eq!(
        back,
        ["the write gate is open: 2 of 1 replicas in sync", "requests no longer wait"]
    );
    after = sample(500);
    (after.reloads.generation, after.reloads.successes) = (1, 1);
    assert!(told(&before, &after)[0].contains("configuration 1 is in force"));
    after.reloads.generation = 0;
    assert!(told(&before, &after)[0].ends_with("nothing has changed"));
}

/// A recorder with one sample per `step_ms` in which the first replica gets 10 reads each.
fn recorder(samples: u64, step_ms: u64) -> Recorder {
    let (mut recorder, totals) = (Recorder::default(), Durations::default());
    for at in 0..samples {
        let mut sample = sample(at * step_ms);
        sample.servers[1].sent[Kind::ReadFresh as usize] = at * 10;
        sample.servers[0].sent[Kind::Write as usize] = at * 2;
        sample.servers[0].report.offset = Some(at * 100);
        sample.local = at;
        let cells = DurationCounts::default();
        cells.observe(Class::Read, Duration::from_micros(100), 10);
        cells.flush(&totals);
        sample.durations = totals.read();
        recorder.take(sample);
    }
    recorder
}

#[test]
fn rates_are_those_of_the_last_seconds() {
    let traffic = serde_json::to_value(recorder(41, 250).traffic()).unwrap();
    assert_eq!((&traffic["window_ms"], &traffic["tick"]), (&5_000.into(), &11.into()));
    let class = |at: usize| traffic["classes"][at]["per_s"].as_f64().unwrap();
    assert_eq!([class(0), class(1), class(2), class(3)], [40.0, 8.0, 0.0, 4.0]);
    assert_eq!(traffic["per_s"], 52.0);
    assert_eq!(traffic["classes"][0]["p99_ms"], 0.099);
    assert!(traffic["classes"][1]["p50_ms"].is_null(), "no write was timed");
    assert_eq!(traffic["reads"][0]["reason"], "fresh");
    assert_eq!(traffic["reads"][0]["per_s"], 40.0);
    let [master, replica] = [&traffic["servers"][0], &traffic["servers"][1]];
    assert_eq!((&master["writes_per_s"], &master["read_percent"]), (&8.0.into(), &0.0.into()));
    assert_eq!(master["replication_bytes_per_s"], 400.0);
    assert_eq!((&replica["reads_per_s"], &replica["read_percent"]), (&40.0.into(), &100.0.into()));
    assert!(replica["replication_bytes_per_s"].is_null());
}

#[test]
fn a_server_that_joins_counts_from_its_first_sample_on() {
    let mut recorder = Recorder::default();
    for at in 0..4_u64 {
        let mut sample = sample(at * 1_000);
        sample.servers[1].sent[Kind::ReadFresh as usize] = 100 + at * 30;
        if at == 0 {
            sample.servers.clear();
        }
        recorder.take(sample);
    }
    let traffic = serde_json::to_value(recorder.traffic()).unwrap();
    assert_eq!((&traffic["window_ms"], &traffic["per_s"]), (&3_000.into(), &20.0.into()));
    assert_eq!(traffic["servers"][1]["reads_per_s"], 20.0);
}

#[test]
fn history_is_bounded_and_has_one_point_per_second() {
    let json = |recorder: &Recorder| serde_json::to_value(recorder.history()).unwrap();
    let history = json(&recorder(41, 250));
    let [lag, reads] = ["lag_ms", "reads_per_s"].map(|it| &history["servers"][1][it]);
    assert_eq!(lag.as_array().unwrap().len(), 11);
    assert_eq!((&lag[10], &reads[10], &reads[0]), (&40.into(), &40.into(), &().into()));
    assert_eq!(history["servers"][1]["state"][10], "fresh");
    assert!(history["servers"][0]["lag_ms"][10].is_null(), "the master has no lag");
    assert_eq!(history["classes"][0]["per_s"][10], 40);
    assert_eq!(history["end_unix_ms"], 1_010_000);

    let mut long = recorder(5_000, 1_000);
    let len = |history: &serde_json::Value| {
        let lists = ["lag_ms", "reads_per_s", "state"].map(|it| &history["servers"][1][it]);
        lists.map(|it| it.as_array().unwrap().len())
    };
    assert_eq!(len(&json(&long)), [SECONDS; 3]);
    // After three seconds without a sample there are three gaps.
    long.take(sample(5_003_000));
    let history = json(&long);
    let lag = history["servers"][1]["lag_ms"].as_array().unwrap();
    assert_eq!(lag[SECONDS - 5..].iter().filter(|it| it.is_null()).count(), 3);
    // A server that left has no series.
    let mut without = sample(5_004_000);
    without.servers.pop();
    long.take(without);
    assert_eq!(json(&long)["servers"].as_array().unwrap().len(), 2);
}

#[test]
fn a_look_tells_whether_something_is_new() {
    let mut recorder = Recorder::default();
    assert!(recorder.take(sample(0)), "the first");
    assert!(!recorder.take(sample(250)), "the same second");
    let mut behind = sample(500);
    stale(&mut behind.servers[1], StaleReason::Lag);
    assert!(recorder.take(behind.clone()), "an event");
    behind.now_ms = 1_000;
    assert!(recorder.take(behind), "a new second");
    let events = recorder.events(1_500);
    let seen = |it: &Event| (it.kind, it.age_ms, it.at_unix_ms);
    let events: Vec<_> = events.iter().map(seen).collect();
    let proxy = (EventKind::Proxy, 1_500, 1_000_000);
    assert_eq!(events, [(EventKind::Server, 1_000, 1_000_500), proxy]);
}
