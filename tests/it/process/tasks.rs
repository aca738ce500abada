//! Long-running tasks that panic: each is seen and started again, or the process ends.
//!
//! A debug build panics where `TIDEGATE_TEST_PANIC` says, half a second after each start of a task.

#![cfg(debug_assertions)]

use crate::support::*;

const PANIC: &str = "TIDEGATE_TEST_PANIC";
/// How often `task` has panicked, as `/metrics` says.
fn panics(proxy: &Tidegate, task: &str) -> f64 {
    Scrape::of(proxy).value("tidegate_task_panics_total", &[("task", task)]).unwrap()
}

#[track_caller]
fn is_healthy(proxy: &Tidegate) -> Result<(), String> {
    let page = get(proxy, "/healthz");
    if page.status == 200 && page.body.starts_with("ok\n") { Ok(()) } else { Err(page.body) }
}

/// The last pause before the monitor is restarted takes 1.6 s; `/healthz` is 503 meanwhile.
#[test]
fn a_monitor_that_panics_is_reported_and_restarted() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).env(PANIC, "monitor=5").start();
    let ids = || -> Vec<_> {
        let status = status(&proxy);
        let backends = status["backends"].as_array().unwrap().iter();
        backends.map(|it| (it["addr"].to_string(), it["id"].as_u64().unwrap())).collect()
    };
    eventually(PATIENCE, || if ids().len() == 3 { Ok(()) } else { Err(proxy.log()) });
    let before = ids();
    let mut wire = proxy.wire();
    let mut writes = 0;
    eventually(PATIENCE, || {
        wire.cmd(&["INCR", "k"]).int();
        writes += 1;
        let page = get(&proxy, "/healthz");
        let is_told =
            page.status == 503 && page.body.contains("monitor is down: panicked: injected");
        is_told.then_some(()).ok_or(page.body)
    });
    eventually(PATIENCE, || {
        // What was published holds while there is no monitor: no write is refused.
        wire.cmd(&["INCR", "k"]).int();
        writes += 1;
        let is_over = panics(&proxy, "monitor") >= 5.0;
        is_over.then_some(()).ok_or_else(|| "less than five panics".to_owned())?;
        is_healthy(&proxy)
    });
    assert_eq!(wire.cmd(&["GET", "k"]).str(), writes.to_string());
    let page = get(&proxy, "/healthz");
    assert!(page.body.contains("restarts so far: 5"), "{}", page.body);
    assert_eq!(panics(&proxy, "monitor"), 5.0);
    let log = proxy.log();
    assert_eq!(log.matches("monitor panicked: injected into monitor").count(), 5, "{log}");
    // The replicas may answer the new monitor after the master.
    eventually(PATIENCE, || {
        let now = ids();
        if now == before { Ok(()) } else { Err(format!("{now:?}, before {before:?}")) }
    });

    // The new monitor does its work.
    trio.replicas[0].kill();
    let gone = trio.replicas[0].addr().to_string();
    eventually(PATIENCE, || {
        let status = status(&proxy);
        let backends = status["backends"].as_array().unwrap();
        let it = backends.iter().find(|it| it["addr"] == gone.as_str()).unwrap();
        it["excluded"].as_str().map(|_| ()).ok_or_else(|| it.to_string())
    });
}

#[test]
fn every_other_task_is_restarted() {
    let trio = Trio::spawn(Flavor::Redis70);
    let tasks = ["acceptor", "idle-sweep", "metrics-listener", "replica-port"];
    let wanted = tasks.map(|task| format!("{task}=1")).join(",");
    let port = ports::free_port();
    let proxy = Tidegate::for_trio(&trio)
        .set("replica", "enabled", "true")
        .set("replica", "listen", &format!("[\"127.0.0.1:{port}\"]"))
        .env(PANIC, &wanted)
        .start();
    eventually(PATIENCE, || {
        // The listener that answers is one of those that panic.
        let page = get(&proxy, "/metrics");
        let told = |task: &str| {
            let line = format!("tidegate_task_panics_total{{task=\"{task}\"}} ");
            page.body.lines().any(|it| it.strip_prefix(&line).is_some_and(|count| count != "0"))
        };
        let missing: Vec<_> = tasks.iter().filter(|task| !told(task)).collect();
        if missing.is_empty() { is_healthy(&proxy) } else { Err(format!("{missing:?}")) }
    });
    for _ in 0..20 {
        assert_eq!(proxy.wire().cmd(&["PING"]).str(), "PONG");
    }
    let engine = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    eventually(PATIENCE, || {
        let mut wire = Wire::try_connect(engine).map_err(|error| error.to_string())?;
        wire.try_cmd(&["PING"]).map(|_| ()).map_err(|error| error.to_string())
    });
    let tasks = status(&proxy)["tasks"].clone();
    let restarts = |name: &str| {
        let task = tasks.as_array().unwrap().iter().find(|it| it["name"] == name).unwrap();
        task["restarts"].as_u64().unwrap()
    };
    assert_eq!([restarts("idle sweep"), restarts("monitor")], [1, 0], "{tasks}");
}

#[test]
fn a_worker_that_panics_closes_its_clients_and_serves_new_ones() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]).set("proxy", "workers", "1");
    let mut proxy = config.env(PANIC, "worker=1").start();
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    assert!(wire.expect_closed().is_empty());
    eventually(PATIENCE, || {
        let mut wire = Wire::try_connect(proxy.addr()).map_err(|error| error.to_string())?;
        let reply = wire.try_cmd(&["GET", "k"]).map_err(|error| error.to_string())?;
        if reply.bytes() == b"v" { is_healthy(&proxy) } else { Err(format!("{reply:?}")) }
    });
    assert_eq!((panics(&proxy, "worker"), panics(&proxy, "client")), (1.0, 0.0));
    proxy.assert_alive();
    proxy.sigterm();
    assert_eq!(proxy.wait_exit(PATIENCE).code(), Some(0), "{}", proxy.log());
}

#[test]
fn a_worker_that_panics_too_often_ends_the_process() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]).set("proxy", "workers", "2");
    let mut proxy = config.env(PANIC, "worker=5").start();
    let status = proxy.wait_exit(PATIENCE);
    assert_eq!(status.code(), Some(70), "{}", proxy.log());
    let log = proxy.log();
    assert!(log.contains("it failed 5 times in a row and is not restarted"), "{log}");
    assert!(log.contains("a worker panicked too often"), "{log}");
}

#[test]
fn a_config_watch_that_panics_loses_no_change() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let config = ConfigBuilder::new(server.addr(), &[]).env(PANIC, "config-watch=1");
    let proxy = config.start();
    for (count, clients) in [(1.0, "5001"), (2.0, "5002"), (3.0, "5003")] {
        proxy.write_config(&config.clone().set("proxy", "max-clients", clients).toml());
        eventually(PATIENCE, || {
            let generation = Scrape::of(&proxy).value("tidegate_config_generation", &[]).unwrap();
            if generation == 1.0 + count { Ok(()) } else { Err(format!("{generation}")) }
        });
    }
    assert_eq!(panics(&proxy, "config-watch"), 1.0);
    is_healthy(&proxy).unwrap();
    assert!(!proxy.log().contains("inotify event"), "{}", proxy.log());
}
