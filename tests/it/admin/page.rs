//! The operator's page, `/events` and `/history` of a running proxy.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::*;

/// A client that watches.
struct Watcher(BufReader<TcpStream>);

impl Watcher {
    /// The client, and the status line of the response.
    fn open(proxy: &Tidegate, path: &str) -> (Self, String) {
        let mut stream = TcpStream::connect(proxy.metrics_addr()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
        let mut watcher = Self(BufReader::new(stream));
        let first = watcher.line();
        (watcher, first)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The data of the next event.
    fn next(&mut self) -> Value {
        loop {
            if let Some(data) = self.line().strip_prefix("data: ") {
                return serde_json::from_str(data).unwrap();
            }
        }
    }
}

/// The ticks of events; equal ones are the same second.
fn tick(document: &Value) -> u64 {
    document["traffic"]["tick"].as_u64().unwrap()
}

#[test]
fn events_come_once_a_second_with_the_numbers_of_status() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    wait_serving(&proxy, 2);
    let mut wire = proxy.wire();
    let (mut watcher, first) = Watcher::open(&proxy, "/events");
    assert_eq!(first, "HTTP/1.1 200 OK");
    watcher.next();
    let (begin, mut last) = (Instant::now(), tick(&watcher.next()));
    let mut compared = 0;
    for _ in 0..4 {
        for _ in 0..50 {
            wire.cmd(&["SET", "k", "v"]).ok();
            wire.cmd(&["GET", "k"]);
        }
        let event = watcher.next();
        assert!(tick(&event) >= last, "{event}");
        last = tick(&event);
        let page = status(&proxy);
        if tick(&page) == last {
            compared += 1;
            for field in ["traffic", "limits", "master", "gate", "config"] {
                assert_eq!(event[field], page[field], "{field}");
            }
        }
        let mut names: Vec<_> = event.as_object().unwrap().keys().collect();
        let mut wanted: Vec<_> = page.as_object().unwrap().keys().collect();
        names.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(names, wanted, "the same fields");
    }
    let took = begin.elapsed();
    // Each event of a server brings one more document at once.
    assert!(took > Duration::from_millis(2_500) && took < Duration::from_secs(20), "{took:?}");
    assert!(compared > 0, "no document of the same second");
    let page = status(&proxy);
    let rate = |at: usize| page["traffic"]["classes"][at]["per_s"].as_f64().unwrap();
    assert!(rate(0) > 0.0 && rate(1) > 0.0, "{}", page["traffic"]);
}

#[test]
fn the_page_has_every_table_without_a_script() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    wait_serving(&proxy, 2);
    eventually(PATIENCE, || {
        let page = get(&proxy, "/");
        let wanted = [trio.master.addr(), trio.replicas[0].addr(), trio.replicas[1].addr()];
        let rows = wanted.map(|addr| format!("<tr data-server=\"{addr}\""));
        if rows.iter().all(|row| page.body.contains(row)) { Ok(()) } else { Err(page.body) }
    });
    let page = get(&proxy, "/");
    assert!(page.head.contains("content-type: text/html; charset=utf-8"), "{}", page.head);
    assert!(page.head.contains("content-security-policy: default-src 'none'"), "{}", page.head);
    for heading in
        ["Topology", "Lag, last", "Servers", "Requests by", "Reads:", "Events", "Process"]
    {
        assert!(page.body.contains(heading), "{heading}");
    }
    assert_eq!(page.body.matches("<figure class=\"lag\">").count(), 2);
    eventually(PATIENCE, || {
        let history: Value = serde_json::from_str(&get(&proxy, "/history").body).unwrap();
        let count = |list: &str| history[list].as_array().unwrap().len();
        if count("servers") == 3 && count("events") > 0 { Ok(()) } else { Err(history.to_string()) }
    });
}

/// A replica that stops is stale in the events within `max-lag` and a second, with its reason.
#[test]
fn a_stopped_replica_turns_stale_and_comes_back() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("reads", "max-lag", "\"1s\"").start();
    wait_serving(&proxy, 2);
    let addr = trio.replicas[1].addr().to_string();
    let (mut watcher, _) = Watcher::open(&proxy, "/events");
    watcher.next();
    let begin = Instant::now();
    trio.replicas[1].pause();
    let mut until = |wanted: bool| {
        loop {
            let event = watcher.next();
            let servers = event["backends"].as_array().unwrap();
            let server = servers.iter().find(|it| it["addr"] == *addr).unwrap();
            if (server["state"] == "fresh") == wanted {
                return event;
            }
            assert!(begin.elapsed() < PATIENCE, "{event}");
        }
    };
    let event = until(false);
    // The machine of the tests may be busy: scripts/page-test measures the bound.
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    let newest = &event["events"][0];
    assert_eq!((&newest["server"], &newest["level"]), (&addr.as_str().into(), &"bad".into()));
    trio.replicas[1].resume();
    let event = until(true);
    let events = event["events"].as_array().unwrap();
    let is_back = |it: &&Value| it["server"] == *addr && it["text"] == "replica, fresh";
    assert!(events.iter().find(is_back).is_some_and(|it| it["level"] == "good"), "{events:?}");
}

#[test]
fn a_reload_and_a_mistake_are_events_and_so_is_the_closed_gate() {
    let trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio);
    let mut proxy = config.start();
    let told = |proxy: &Tidegate, kind: &str, part: &str| {
        eventually(PATIENCE, || {
            let page = status(proxy);
            let events = page["events"].as_array().unwrap();
            let is_it =
                |it: &Value| it["kind"] == kind && it["text"].as_str().unwrap().contains(part);
            if events.iter().any(is_it) { Ok(()) } else { Err(page["events"].to_string()) }
        });
    };
    proxy.reload(&config.set("writes", "min-replicas-to-write", "9").toml());
    told(&proxy, "reload", "configuration 2 is in force");
    told(&proxy, "gate", "the write gate is closed");
    proxy.reload("[proxy]\nnonsense = 1\n");
    told(&proxy, "reload", "refused");
}

#[test]
fn one_client_too_many_is_refused_until_another_goes() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(server.addr(), &[]).start();
    let open = |at: usize| {
        let path = ["/events", "/events/page"][at % 2];
        let (watcher, status) = Watcher::open(&proxy, path);
        assert_eq!(status, "HTTP/1.1 200 OK");
        watcher
    };
    let mut watchers: Vec<_> = (0..32).map(open).collect();
    assert_eq!(Watcher::open(&proxy, "/events").1, "HTTP/1.1 503 Service Unavailable");
    let html = watchers[1].next();
    assert!(html.as_str().unwrap().contains("<main"), "{html}");
    watchers.truncate(31);
    eventually(PATIENCE, || match Watcher::open(&proxy, "/events") {
        (_, status) if status.contains(" 200 ") => Ok(()),
        (_, status) => Err(status),
    });
    assert_eq!(get(&proxy, "/healthz").status, 200);
}
