//! Debian's Prometheus, with the configuration, rules and dashboard of `deploy/`, scrapes a running
//! Tidegate.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::ports::free_port;
use crate::support::process::Process;
use crate::support::*;

const PORT_TRIES: usize = 5;

fn deployed(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file)).unwrap()
}

/// A running Prometheus. Dropping it kills it and removes its directory.
struct Prometheus {
    process: Process,
    addr: SocketAddr,
    _dir: TempDir,
}

impl Prometheus {
    /// With `deploy/prometheus`, but for the target and the pace.
    fn scraping(target: SocketAddr) -> Self {
        let config = deployed("prometheus/prometheus.yml");
        let config = config
            .replace("tidegate:6490", &target.to_string())
            .replace("_interval: 5s", "_interval: 200ms")
            .replace("scrape_timeout: 3s", "scrape_timeout: 200ms");
        assert!(config.contains(&target.to_string()) && !config.contains("tidegate:6490"));
        for _ in 0..PORT_TRIES {
            let dir = tempfile::Builder::new().prefix("tidegate-prometheus-").tempdir().unwrap();
            fs::write(dir.path().join("prometheus.yml"), &config).unwrap();
            fs::write(dir.path().join("rules.yml"), deployed("prometheus/rules.yml")).unwrap();
            let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
            let mut command = Command::new("prometheus");
            command
                .arg("--config.file=prometheus.yml")
                .arg("--storage.tsdb.path=data")
                .arg(format!("--web.listen-address={addr}"))
                .current_dir(dir.path());
            let process = Process::start(&mut command, &dir.path().join("prometheus.log"));
            let mut this = Self { process, addr, _dir: dir };
            if this.wait_ready() {
                return this;
            }
        }
        panic!("every port tried was taken meanwhile");
    }

    /// False when another process took the port.
    fn wait_ready(&mut self) -> bool {
        let mut taken = false;
        eventually(PATIENCE, || {
            if let Some(status) = self.process.exit_status() {
                taken = self.process.log().contains("address already in use");
                assert!(taken, "prometheus ended with {status}\n{}", self.process.log_tail());
                return Ok(());
            }
            match self.get("/-/ready") {
                Ok((200, _)) => Ok(()),
                other => Err(format!("{other:?}\n{}", self.process.log_tail())),
            }
        });
        !taken
    }

    /// Status and body.
    fn get(&self, path: &str) -> std::io::Result<(u16, String)> {
        let mut stream = TcpStream::connect(self.addr)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        // HTTP/1.0: the body is all that comes, without chunks.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or_default();
        Ok((status, body.to_owned()))
    }

    /// What its API answers, which is an error here as soon as it calls it one.
    fn ask(&self, path: &str) -> Result<Value, String> {
        let (_, body) = self.get(path).map_err(|error| error.to_string())?;
        let answer: Value =
            serde_json::from_str(&body).map_err(|error| format!("{error}: {body}"))?;
        if answer["status"] == "success" { Ok(answer["data"].clone()) } else { Err(body) }
    }

    /// The series that a query has now: labels and value.
    fn query(&self, query: &str) -> Result<Vec<(Value, f64)>, String> {
        let data = self.ask(&format!("/api/v1/query?query={}", encoded(query)))?;
        let series = data["result"].as_array().ok_or_else(|| data.to_string())?;
        let value = |it: &Value| it["value"][1].as_str()?.parse().ok();
        Ok(series.iter().filter_map(|it| Some((it["metric"].clone(), value(it)?))).collect())
    }

    /// Ends it as its service manager would.
    fn stop(mut self) {
        self.process.signal("TERM");
        let status = self.process.wait_exit(PATIENCE);
        assert!(status.is_some_and(|it| it.success()), "{status:?}\n{}", self.process.log_tail());
    }
}

/// For a URL's query.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Every PromQL expression of the dashboard, its variables filled in.
fn dashboard() -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                if let Some(expr) = map.get("expr").and_then(Value::as_str) {
                    let all = expr.replace("$instance", ".*").replace("$backend", ".*");
                    found.push(all.replace("$__rate_interval", "1m").replace("$__range", "1h"));
                }
                map.values().for_each(|it| collect(it, found));
            }
            Value::Array(items) => items.iter().for_each(|it| collect(it, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    let dashboard = deployed("grafana/dashboards/tidegate.json");
    collect(&serde_json::from_str(&dashboard).unwrap(), &mut found);
    found
}

#[test]
fn it_scrapes_and_its_rules_and_the_dashboards_queries_can_be_evaluated() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).start();
    let mut client = proxy.wire();
    assert_eq!(client.cmd(&["SET", "k", "v"]).str(), "OK");
    let prometheus = Prometheus::scraping(proxy.metrics_addr());
    let instance = proxy.metrics_addr().to_string();

    eventually(PATIENCE, || {
        let up = prometheus.query("up{job=\"tidegate\"}")?;
        match up.as_slice() {
            [(labels, 1.0)] if labels["instance"] == instance.as_str() => Ok(()),
            _ => Err(format!("{up:?}")),
        }
    });
    eventually(PATIENCE, || {
        let clients = prometheus.query("tidegate_clients")?;
        if clients.len() == 1 && clients[0].1 >= 1.0 { Ok(()) } else { Err(format!("{clients:?}")) }
    });
    let build = prometheus.query("tidegate_build_info").unwrap();
    assert!(build.len() == 1 && build[0].0["version"] == env!("CARGO_PKG_VERSION"), "{build:?}");

    // Every rule has been evaluated, on what this proxy tells, without an error.
    let expected = deployed("prometheus/rules.yml").matches("- alert: ").count();
    eventually(PATIENCE, || {
        let data = prometheus.ask("/api/v1/rules")?;
        let groups = data["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
        let rules: Vec<_> =
            groups.iter().filter_map(|it| it["rules"].as_array()).flatten().collect();
        let well = rules.iter().filter(|it| it["health"] == "ok").count();
        assert!(rules.iter().all(|it| it["health"] != "err"), "{data}");
        if (rules.len(), well) == (expected, expected) { Ok(()) } else { Err(data.to_string()) }
    });

    for query in dashboard() {
        let answer = prometheus.query(&query);
        assert!(answer.is_ok(), "{query}: {answer:?}");
    }
    prometheus.stop();
}
