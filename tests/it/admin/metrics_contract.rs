//! `docs/metrics.md` is the contract: what it names is exposed, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::*;

/// Some of everything: reads, writes, transactions, errors, a stream, a large value, a held limit.
fn traffic(proxy: &Tidegate) {
    let mut wire = proxy.wire();
    wire.cmd(&["SET", "k", "v"]).ok();
    wire.pipeline(&[&["GET", "k"], &["INFO"], &["GET", "k"], &["SET", "k", "w"], &["TIME"]]);
    wire.pipeline(&[&["MULTI"], &["SET", "k", "x"], &["EXEC"], &["PING"], &["NONSENSE"]]);
    wire.cmd(&["SET", "large", &"x".repeat(300 * 1024)]).ok();
    wire.cmd(&["BLPOP", "nothing", "0.01"]);
    wire.cmd(&["WAIT", "1", "100"]);
    wire.cmd(&["SCAN", "0"]);
    wire.cmd(&["SELECT", "3"]).ok();
    wire.cmd(&["SUBSCRIBE", "c"]);
    let mut wrong = proxy.wire();
    wrong.send_raw(b"*1\r\nnonsense\r\n");
    wrong.expect_closed();
}

/// An engine has metrics of its own, and so has TLS.
fn with_engine(trio: &Trio) -> ConfigBuilder {
    let listen = "\"127.0.0.1:0\"";
    let certificates = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config/certificates");
    Tidegate::for_trio(trio)
        .set("replica", "enabled", "true")
        .set("replica", "listen", listen)
        .set("proxy", "tls-listen", &format!("[{listen}]"))
        .set("proxy", "tls-cert-file", &format!("\"{certificates}/server.crt\""))
        .set("proxy", "tls-key-file", &format!("\"{certificates}/server.key\""))
}

#[test]
fn promtool_accepts_the_page() {
    let mut trio = Trio::spawn(Flavor::Redis70);
    let proxy = with_engine(&trio).start();
    traffic(&proxy);
    // A page without lag and offset of one server has to be right as well.
    trio.replicas[0].kill();
    traffic(&proxy);
    let page = Scrape::of(&proxy);
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool, which scripts/test-deps installs");
    promtool.stdin.take().unwrap().write_all(page.text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

/// A row of the document: its names, and each label with the values that are listed.
struct Row {
    names: Vec<String>,
    labels: BTreeMap<String, BTreeSet<String>>,
}

/// What stands between backticks.
fn words(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn document() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
    std::fs::read_to_string(path).unwrap()
}

fn rows() -> Vec<Row> {
    let row = |line: &str| {
        let cells: Vec<_> = line.split('|').skip(1).collect();
        let names = words(cells[0]);
        let labels = cells[1].split(';').filter(|part| part.contains('`')).map(|part| {
            let mut words = words(part).into_iter();
            (words.next().unwrap(), words.collect())
        });
        Row { names, labels: labels.collect() }
    };
    let document = document();
    let lines = document.lines();
    lines
        .filter(|it| it.starts_with("| `tidegate_") || it.starts_with("| `process_"))
        .map(row)
        .collect()
}

/// Class and reason of requests, from the document.
fn reasons() -> BTreeSet<(String, String)> {
    let document = document();
    let lines = document.lines().filter(|line| {
        ["read", "write", "pinned", "local"].iter().any(|it| line.starts_with(&format!("| `{it}`")))
    });
    let pairs = lines.flat_map(|line| {
        let cells: Vec<_> = line.split('|').skip(1).collect();
        let reason = words(cells[1]).remove(0);
        words(cells[0]).into_iter().map(move |class| (class, reason.clone()))
    });
    pairs.collect()
}

#[test]
fn the_document_and_the_page_are_the_same() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = with_engine(&trio).start();
    traffic(&proxy);
    let page = Scrape::of(&proxy);
    let rows = rows();
    let documented: BTreeSet<_> = rows.iter().flat_map(|row| row.names.clone()).collect();
    let exposed: BTreeSet<_> = page.types.keys().cloned().collect();
    assert_eq!(documented, exposed);
    for row in &rows {
        for name in &row.names {
            let of_family = |sample: &str| {
                let suffixes = ["", "_bucket", "_sum", "_count"];
                suffixes.iter().any(|suffix| sample.strip_suffix(suffix) == Some(name))
            };
            let samples: Vec<_> = page.samples.iter().filter(|it| of_family(&it.name)).collect();
            assert!(!samples.is_empty(), "{name} has a head and no samples");
            for sample in samples {
                let labels: BTreeSet<_> =
                    sample.labels.keys().filter(|label| *label != "le").collect();
                assert_eq!(labels, row.labels.keys().collect(), "labels of {name}");
                for (label, allowed) in row.labels.iter().filter(|(_, values)| !values.is_empty()) {
                    assert!(allowed.contains(&sample.labels[label]), "{sample:?}");
                }
                assert!(sample.value.is_finite() && sample.value >= 0.0, "{sample:?}");
            }
            // Every value that is listed is there from the start: a rate needs a zero.
            for (label, values) in &row.labels {
                for value in values {
                    let there = page.samples.iter().any(|sample| {
                        of_family(&sample.name) && sample.labels.get(label) == Some(value)
                    });
                    assert!(there, "{name} has no {label} {value}");
                }
            }
        }
    }
    let requests = page.matching("tidegate_requests_total", &[]);
    let pairs = requests.map(|it| (it.labels["class"].clone(), it.labels["reason"].clone()));
    assert_eq!(pairs.collect::<BTreeSet<_>>(), reasons());
}
