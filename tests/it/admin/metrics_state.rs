//! What `/metrics` shows of the servers, the gate, the clients and the configuration.

use std::net::SocketAddr;

use super::metrics::meter::*;
use crate::support::*;

#[test]
fn requests_in_flight_are_shown_until_they_are_answered() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("proxy", "workers", "1").start();
    let master = backend(trio.master.addr());
    let shows = |name: &str, wanted: f64| {
        let name = format!("tidegate_backend_{name}");
        eventually(PATIENCE, || {
            let shown = Scrape::of(&proxy).value(&name, &[("backend", &*master)]);
            if shown == Some(wanted) { Ok(()) } else { Err(format!("{name}: {shown:?}")) }
        });
    };
    let mut wires: Vec<_> = (0..3).map(|_| proxy.wire()).collect();
    wires.iter_mut().for_each(|wire| wire.cmd(&["SET", "k", "v"]).ok());
    // One is shared by all.
    shows("connections", 1.0);
    shows("requests_in_flight", 0.0);
    trio.master.pause();
    for wire in &mut wires {
        wire.send(&["SET", "k", "w"]);
        wire.send(&["SET", "k", "x"]);
    }
    wires[0].send(&["GET", "k"]);
    // The GET goes where the SETs before it went.
    shows("requests_in_flight", 7.0);
    trio.master.resume();
    wires.iter_mut().for_each(|wire| wire.read_reply().ok());
    shows("requests_in_flight", 0.0);
    wires[0].read_reply();
    wires[1].pipeline(&[&["MULTI"], &["GET", "k"]]);
    shows("connections", 2.0);
    assert_eq!(Scrape::of(&proxy).value("tidegate_clients", &[]), Some(3.0));
}

#[test]
fn a_stopped_replica_shows_how_far_it_falls_behind() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let stopped = backend(trio.replicas[0].addr());
    let of = [("backend", &*stopped)];
    let state = |page: &Scrape| {
        let states = page.matching("tidegate_backend_state", &of);
        let is: Vec<_> =
            states.filter(|it| it.value == 1.0).map(|it| it.labels["state"].clone()).collect();
        assert_eq!(is.len(), 1, "in one state at a time: {is:?}");
        is[0].clone()
    };
    let until = |wanted: &str| {
        eventually(PATIENCE, || {
            let page = Scrape::of(&proxy);
            if state(&page) == wanted { Ok(page) } else { Err(state(&page)) }
        })
    };
    let page = until("fresh");
    assert!(page.value("tidegate_backend_lag_seconds", &of).unwrap() < 5.0);
    assert_eq!(page.value("tidegate_backend_up", &of), Some(1.0));
    let offset = page.value("tidegate_backend_replication_offset_bytes", &of);
    trio.replicas[0].pause();
    let mut wire = proxy.wire();
    let value = "x".repeat(1 << 20);
    (0..4).for_each(|_| wire.cmd(&["SET", "k", &value]).ok());
    until("unknown");
    let page = eventually(PATIENCE, || {
        let page = Scrape::of(&proxy);
        let lag = page.value("tidegate_backend_lag_seconds", &of).unwrap();
        let bytes = page.value("tidegate_backend_lag_bytes", &of).unwrap();
        if lag > 2.0 && bytes >= f64::from(4 << 20) {
            Ok(page)
        } else {
            Err(format!("{lag} {bytes}"))
        }
    });
    assert!(page.value("tidegate_backend_lag_seconds", &of).unwrap() < 60.0);
    assert!(page.value("tidegate_backend_lag_bytes", &of).unwrap() < f64::from(5 << 20));
    assert!(page.value("tidegate_backend_probe_age_seconds", &of).unwrap() > 1.0);
    assert_eq!(page.value("tidegate_backend_up", &of), Some(0.0));
    assert!(page.sum("tidegate_backend_exclusions_total", &of) >= 1.0);
    // The other one and the master are not touched by that.
    assert_eq!(page.sum("tidegate_backend_state", &[("state", "fresh")]), 1.0);
    assert_eq!(page.sum("tidegate_backend_role", &[("role", "master")]), 1.0);
    let master = backend(trio.master.addr());
    for name in ["state", "lag_seconds", "lag_bytes"] {
        let name = format!("tidegate_backend_{name}");
        assert!(
            page.matching(&name, &[("backend", &master)]).next().is_none(),
            "a master's {name}"
        );
    }
    trio.replicas[0].resume();
    let page = until("fresh");
    assert!(page.value("tidegate_backend_replication_offset_bytes", &of) > offset);
    assert_eq!(page.value("tidegate_backend_up", &of), Some(1.0));
    assert!(page.value("tidegate_backend_lag_bytes", &of).unwrap() < f64::from(1 << 20));
}

#[test]
fn a_server_that_left_leaves_nothing_behind() {
    let trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio);
    let mut proxy = config.start();
    let [stays, leaves] = trio.replica_addrs();
    let mut wire = proxy.wire();
    (0..10).for_each(|_| drop(wire.cmd(&["GET", "k"])));
    let count = |proxy: &Tidegate, addr: SocketAddr| {
        let addr = backend(addr);
        Scrape::of(proxy)
            .samples
            .iter()
            .filter(|it| it.labels.get("backend") == Some(&addr))
            .count()
    };
    assert!(count(&proxy, leaves) > 10);
    proxy.reload(&config.clone().replicas(&[stays]).toml());
    eventually(PATIENCE, || match count(&proxy, leaves) {
        0 => Ok(()),
        left => Err(format!("{left} series")),
    });
    assert!(count(&proxy, stays) > 10);
    proxy.reload(&config.toml());
    eventually(PATIENCE, || {
        (0..10).for_each(|_| drop(wire.cmd(&["GET", "k"])));
        let addr = backend(leaves);
        let served = Scrape::of(&proxy).sum(REQUESTS, &[("backend", &addr), ("reason", "fresh")]);
        if served > 0.0 { Ok(()) } else { Err("it serves nothing".to_owned()) }
    });
}

#[test]
fn the_gate_is_shown_and_what_it_did() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio).set("writes", "min-replicas-to-write", "1").set(
        "writes",
        "min-replicas-max-lag",
        "\"1s\"",
    );
    let mut proxy = config.start();
    let gate = |proxy: &Tidegate, open: f64, good: f64| {
        eventually(PATIENCE, || {
            let page = Scrape::of(proxy);
            let is = page.value("tidegate_write_gate_open", &[]).unwrap();
            let are = page.value("tidegate_good_replicas", &[]).unwrap();
            if (is, are) == (open, good) { Ok(page) } else { Err(format!("{is}, {are} good")) }
        })
    };
    let page = gate(&proxy, 1.0, 2.0);
    assert_eq!(page.value("tidegate_min_replicas_to_write", &[]), Some(1.0));
    trio.replicas.iter_mut().for_each(RedisServer::pause);
    gate(&proxy, 0.0, 0.0);
    let meter = Meter::start(&proxy);
    let mut wire = proxy.wire();
    for _ in 0..3 {
        assert!(wire.cmd(&["SET", "k", "v"]).err().starts_with("NOREPLICAS"));
    }
    meter.expect(&[
        ("tidegate_writes_refused_total", &[], 3),
        (REQUESTS, &[("class", "local")], 3),
        (REQUESTS, &[], 3),
    ]);
    proxy.reload(
        &config
            .set("writes", "on-closed", "\"hold\"")
            .set("writes", "hold-timeout", "\"1m\"")
            .toml(),
    );
    eventually(PATIENCE, || {
        let log = proxy.log();
        if log.contains("reloaded writes.hold-timeout") { Ok(()) } else { Err(log) }
    });
    let meter = Meter::start(&proxy);
    wire.send(&["SET", "k", "v"]);
    meter.expect(&[("tidegate_writes_held", &[], 1), ("tidegate_writes_held_total", &[], 1)]);
    trio.replicas.iter_mut().for_each(RedisServer::resume);
    wire.read_reply().ok();
    meter.expect(&[
        ("tidegate_writes_held", &[], 0),
        ("tidegate_writes_held_total", &[], 1),
        ("tidegate_writes_released_total", &[], 1),
        ("tidegate_writes_expired_total", &[], 0),
        (REQUESTS, &[("class", "write")], 1),
    ]);
}

#[test]
fn clients_bytes_and_limits_are_counted() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("proxy", "max-clients", "2").start();
    let meter = Meter::start(&proxy);
    let mut wires = [proxy.wire(), proxy.wire()];
    let ping = encode(&["PING"]);
    for wire in &mut wires {
        wire.send_raw(&ping);
        wire.read_reply();
    }
    let mut third = proxy.wire();
    third.expect_closed();
    let sent = u32::try_from(2 * ping.len()).unwrap();
    meter.expect(&[
        ("tidegate_clients_accepted_total", &[], 2),
        ("tidegate_client_received_bytes_total", &[], sent),
        ("tidegate_client_sent_bytes_total", &[], 2 * 7),
        ("tidegate_client_closures_total", &[("reason", "max-clients")], 1),
        ("tidegate_limits_met_total", &[("limit", "max-clients")], 1),
        (REQUESTS, &[("class", "local")], 2),
    ]);
    wires[0].send_raw(b"*1\r\n!\r\n");
    wires[0].expect_closed();
    meter.expect(&[("tidegate_client_closures_total", &[("reason", "protocol-error")], 1)]);
}

#[test]
fn reloads_are_counted_and_the_last_one_is_shown() {
    let trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio).set("proxy", "watch-config", "false");
    let mut proxy = config.start();
    let told = |proxy: &Tidegate, wanted: [f64; 4]| {
        eventually(PATIENCE, || {
            let page = Scrape::of(proxy);
            let value = |name: &str, labels: &[(&str, &str)]| {
                page.value(&format!("tidegate_config_{name}"), labels).unwrap()
            };
            let is = [
                value("generation", &[]),
                value("reloads_total", &[("result", "success")]),
                value("reloads_total", &[("result", "failure")]),
                value("last_reload_successful", &[]),
            ];
            let loaded = value("last_reload_success_timestamp_seconds", &[]);
            let started = page.value("process_start_time_seconds", &[]).unwrap();
            assert!((started - 5.0..started + 600.0).contains(&loaded), "{loaded}, {started}");
            if is == wanted { Ok(()) } else { Err(format!("{is:?}")) }
        });
        assert_eq!(status(proxy)["config"]["generation"], wanted[0]);
    };
    told(&proxy, [1.0, 0.0, 0.0, 1.0]);
    proxy.reload("nonsense");
    told(&proxy, [1.0, 0.0, 1.0, 0.0]);
    proxy.reload(&config.toml());
    told(&proxy, [1.0, 1.0, 1.0, 1.0]);
    proxy.reload(&config.reads_from("any").toml());
    told(&proxy, [2.0, 2.0, 1.0, 1.0]);
}
