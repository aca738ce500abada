//! `/healthz`, `/readyz` and `/status` of a running proxy.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::*;

const SECOND: Duration = Duration::from_secs(1);

/// Waits until `/readyz` says so.
#[track_caller]
fn ready(proxy: &Tidegate, status: u16, words: &str) {
    eventually(PATIENCE, || {
        let page = get(proxy, "/readyz");
        if page.status == status && page.body.contains(words) {
            Ok(())
        } else {
            Err(format!("{page:?}"))
        }
    });
    assert_eq!(get(proxy, "/healthz").body, "ok\n", "not ready is not ill");
}

#[test]
fn ready_for_writes_needs_a_master_and_an_open_gate() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio)
        .set("writes", "min-replicas-to-write", "2")
        .set("writes", "min-replicas-max-lag", "\"1s\"")
        .start();
    ready(&proxy, 200, "ok");
    trio.replicas[1].pause();
    ready(&proxy, 503, "not enough good replicas to write: 1 of 2");
    trio.replicas[1].resume();
    ready(&proxy, 200, "ok");
    trio.master.kill();
    ready(&proxy, 503, "no master is known");
}

/// The log says `ready` when `/readyz` does; until then it gives the reason.
#[test]
fn the_log_says_ready_when_it_is() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    trio.replicas[1].pause();
    let proxy = Tidegate::for_trio(&trio)
        .set("writes", "min-replicas-to-write", "2")
        .set("writes", "min-replicas-max-lag", "\"1s\"")
        .start();
    let is_told = |proxy: &Tidegate| proxy.log().contains(" ready version=");
    eventually(PATIENCE, || match proxy.log() {
        log if log.contains("served yet: not enough good replicas to write: 1 of 2") => Ok(()),
        log => Err(log),
    });
    assert!(!is_told(&proxy), "{}", proxy.log());
    trio.replicas[1].resume();
    ready(&proxy, 200, "ok");
    eventually(PATIENCE, || if is_told(&proxy) { Ok(()) } else { Err(proxy.log()) });
    assert_eq!(proxy.log().matches(" ready version=").count(), 1);
}

#[test]
fn a_master_that_hangs_is_no_master_after_its_time() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("topology", "request-timeout", "\"1s\"").start();
    ready(&proxy, 200, "ok");
    trio.master.pause();
    ready(&proxy, 503, "master");
    trio.master.resume();
    ready(&proxy, 200, "ok");
}

#[test]
fn ready_for_reads_needs_a_server_that_may_serve_them() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio).set("metrics", "ready", "\"reads\"");
    let mut proxy = config
        .clone()
        .set("writes", "min-replicas-to-write", "2")
        .set("writes", "min-replicas-max-lag", "\"1s\"")
        .set("reads", "on-stale", "\"error\"")
        .start();
    ready(&proxy, 200, "ok");
    trio.replicas[0].kill();
    assert_eq!(get(&proxy, "/readyz").status, 200, "the gate is of no concern");
    trio.replicas[1].kill();
    ready(&proxy, 503, "no replica is fresh");
    let open = config.set("writes", "min-replicas-to-write", "0");
    proxy.reload(&open.set("reads", "on-stale", "\"master\"").toml());
    ready(&proxy, 200, "ok");
    trio.master.kill();
    ready(&proxy, 503, "no server can serve reads");
}

#[test]
fn a_proxy_that_drains_is_not_ready() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let mut proxy = Tidegate::for_trio(&trio).start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    trio.master.pause();
    wire.send(&["SET", "k", "w"]);
    // Not read before the signal, it would not be waited for.
    eventually(PATIENCE, || {
        let shown = Scrape::of(&proxy).sum("tidegate_backend_requests_in_flight", &[]);
        if shown == 1.0 { Ok(()) } else { Err(shown.to_string()) }
    });
    proxy.sigterm();
    ready(&proxy, 503, "draining");
    assert!(get(&proxy, "/status").body.contains("\"draining\": true"));
    trio.master.resume();
    wire.read_reply().ok();
    assert!(proxy.wait_exit(PATIENCE).success());
}

#[test]
fn status_has_the_whole_state() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let [first, second] = trio.replica_addrs().map(|addr| addr.to_string());
    let master = trio.master.addr().to_string();
    let _wire = proxy.wire();
    let page = eventually(PATIENCE, || {
        let page = status(&proxy);
        // The replicas' first acks may come later than the client.
        let is_whole = page["clients"]["connected"] == 1 && page["gate"]["good"] == 2;
        if is_whole { Ok(page) } else { Err(page.to_string()) }
    });
    assert_eq!(page["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((&page["ready"], &page["draining"]), (&true.into(), &false.into()));
    assert!(page["reason"].is_null() && page["uptime_ms"].is_u64());
    assert_eq!(page["config"]["generation"], 1);
    assert_eq!(page["config"]["file"], proxy.config_path().display().to_string());
    assert!(page["topology_generation"].as_u64().unwrap() > 0);
    assert_eq!(page["master"], master);
    assert_eq!(page["gate"], serde_json::json!({"open": true, "good": 2, "wanted": 0, "held": 0}));
    assert_eq!(page["clients"]["max"], 10_000);
    let workers = page["workers"].as_array().unwrap();
    assert_eq!(workers.iter().map(|it| &it["name"]).collect::<Vec<_>>(), ["worker-0", "worker-1"]);
    assert!(workers.iter().all(|it| it["tick_age_ms"].as_u64().unwrap() < 5000));
    let of = |page: &serde_json::Value, addr: &str| {
        let backends = page["backends"].as_array().unwrap();
        assert_eq!(backends.len(), 3);
        backends.iter().find(|it| it["addr"] == addr).unwrap().clone()
    };
    let own = of(&page, &master);
    assert_eq!((&own["role"], &own["state"]), (&"master".into(), &serde_json::Value::Null));
    assert!(own["lag_ms"].is_null() && own["offset"].is_u64() && own["id"].is_u64());
    for addr in [&first, &second] {
        let replica = of(&page, addr);
        let words = [&replica["role"], &replica["state"]];
        assert_eq!(words, ["replica", "fresh"]);
        for field in ["offset", "lag_ms", "lag_bytes", "probe_age_ms", "weight"] {
            assert!(replica[field].is_u64(), "{field}: {replica}");
        }
        assert!(replica["probe_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{replica}");
        assert_eq!((&replica["reads"], &replica["resting"]), (&true.into(), &false.into()));
        assert!(replica["reason"].is_null() && replica["excluded"].is_null(), "{replica}");
        assert!(replica["in_flight"] == 0 && replica["connections"].is_u64(), "{replica}");
    }
    trio.replicas[1].pause();
    eventually(PATIENCE, || {
        let stopped = of(&status(&proxy), &second);
        let known = stopped["state"] == "unknown" && stopped["reason"] == "no-answer";
        if known && stopped["reads"] == false { Ok(()) } else { Err(stopped.to_string()) }
    });
}

#[test]
fn only_known_paths_and_two_methods() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    for path in ["/", "/metrics", "/healthz", "/readyz", "/status", "/history"] {
        let page = get(&proxy, path);
        assert_eq!(page.status, 200, "{path}: {page:?}");
        let ask = |method| {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            http(proxy.metrics_addr(), &request)
        };
        let head = ask("HEAD");
        assert!(head.status == 200 && head.body.is_empty(), "{head:?}");
        for method in ["POST", "PUT", "DELETE"] {
            let refused = ask(method);
            assert!(
                refused.status == 405 && refused.head.contains("allow: get, head"),
                "{refused:?}"
            );
        }
    }
    for path in ["//", "/metrics/", "/status/x", "/events/", "/%2e%2e/metrics"] {
        let page = get(&proxy, path);
        assert_eq!(page.status, 404, "{page:?}");
        for known in ["/metrics", "/healthz", "/readyz", "/status"] {
            assert!(page.body.contains(known), "{page:?}");
        }
    }
}

/// How long four hundred requests of a client take beside slow scrapers.
pub fn beside_slow_scrapers() -> Duration {
    let trio = Trio::spawn(Flavor::Redis70);
    let mut proxy = Tidegate::for_trio(&trio).start();
    let connect = || TcpStream::connect(proxy.metrics_addr()).unwrap();
    // More than it takes at a time; some never read, some never finish.
    let mut slow: Vec<_> = (0..70).map(|_| connect()).collect();
    for (n, stream) in slow.iter_mut().enumerate() {
        let said = [&b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"[..], b"GET /status HT"][n % 2];
        stream.write_all(said).unwrap();
    }
    let mut wire = proxy.wire();
    let started = Instant::now();
    for n in 0..200 {
        wire.cmd(&["SET", "k", &n.to_string()]).ok();
        wire.cmd(&["GET", "k"]);
    }
    let took = started.elapsed();
    drop(slow);
    for garbage in [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"*1\r\n$4\r\nPING\r\n", &[0xff; 40_000]]
    {
        let mut stream = connect();
        // It may be closed before all is written.
        let _ = stream.write_all(garbage);
    }
    eventually(PATIENCE, || {
        let page = get(&proxy, "/healthz");
        if page.status == 200 { Ok(()) } else { Err(format!("{page:?}")) }
    });
    proxy.assert_alive();
    took
}

/// `latency` judges how quickly the client is served.
#[test]
fn slow_or_invalid_http_requests_affect_no_client() {
    beside_slow_scrapers();
}
