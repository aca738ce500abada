//! Tests of the page: what is in it, and that no name becomes markup.

use super::{fragment, page, policy};
use crate::view::{Document, Series};

const EVIL: &str = "<script>alert(1)</script>\\\"'&";

fn document(name: &str) -> Document {
    let text = r#"{"version": "1.2.3", "uptime_ms": 90000, "ready": false, "reason": "NAME",
        "undecided": "NAME", "hold": {"reason": "NAME", "text": "NAME", "left_ms": 500},
        "backends": [
            {"id": 1, "addr": "m:1", "role": "master", "reads": true, "offset": 7},
            {"id": 2, "addr": "NAME", "role": "replica", "state": "stale", "reason": "lag",
             "excluded": "NAME", "lag_ms": 4200, "lag_bytes": 2048},
            {"id": 3, "addr": "r:1", "role": "replica", "state": "fresh", "reads": true}],
        "gate": {"open": false, "good": 0, "wanted": 1, "held": 3},
        "clients": {"connected": 12, "max": 10000}, "limits": {"max_lag_ms": 1000},
        "config": {"file": "NAME", "generation": 2, "last_reload_successful": false},
        "traffic": {"window_ms": 5000, "per_s": 1240.0,
            "classes": [{"class": "read", "per_s": 1200.0, "p50_ms": 0.25, "p99_ms": 1.5}],
            "reads": [{"reason": "fresh", "per_s": 1200.0}, {"reason": "NAME", "per_s": 0}],
            "servers": [{"id": 3, "addr": "NAME", "reads_per_s": 1200.0, "read_percent": 100.0,
                "replication_bytes_per_s": 2048.0}]},
        "events": [{"number": 1, "at_unix_ms": 50602000, "age_ms": 5000, "kind": "server",
            "level": "bad", "server": "NAME", "text": "NAME"}],
        "tasks": [{"name": "NAME", "running": false, "reason": "NAME"}],
        "replica": {"link": "NAME", "reason": "NAME"}}"#;
    let name = serde_json::to_string(name).unwrap();
    serde_json::from_str(&text.replace("NAME", name.trim_matches('"'))).unwrap()
}

fn series() -> Series {
    let text = r#"{"servers": [{"id": 2, "lag_ms": [40, null, 4200], "state": ["fresh", null,
        "stale"]}], "classes": [{"class": "read", "per_s": [1, 2], "p99_us": [900, null]}]}"#;
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_part_is_in_the_page_without_a_script() {
    let html = page(&document("n:1"), &series());
    assert!(html.starts_with("<!DOCTYPE html>"));
    for part in [
        "<noscript><meta http-equiv=\"refresh\"",
        "NOT READY, 1/2 fresh",
        "Requests wait for the master: ",
        "The write gate is closed: ",
        "The last reload was refused: ",
        "<svg class=\"picture wide\"",
        "<svg class=\"picture tall\"",
        "dashed: max-lag 1.00 s",
        "peak 4.20 s",
        "class=\"limit\"",
        "data-server=\"r:1\" data-state=\"fresh\"",
        "data-server=\"n:1\" data-state=\"stale\"",
        ">1.2k<",
        "p99 1.50 ms",
        "replica is fresh",
        "14:03:22",
        "5 s ago",
        "href=\"metrics\"",
        "href=\"status\"",
        "href=\"healthz\"",
        "href=\"readyz\"",
    ] {
        assert!(html.contains(part), "no {part}");
    }
    let count = |part: &str| html.matches(part).count();
    assert_eq!((count("<tr data-server"), count("<figure"), count("<h2")), (3, 2, 7));
    assert_eq!(count("<section"), count("</section>"));
    // A screen reader has a name for every picture and plot.
    assert_eq!(count("role=\"img\""), count("role=\"img\" aria-label=\""));
}

#[test]
fn names_never_become_markup() {
    let html = page(&document(EVIL), &series());
    assert!(!html.contains("<script>alert"), "a script");
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert_eq!(html.matches("<script").count(), 1, "its own");
    assert!(!html.contains("\"'&\""), "a quote ends an attribute");
    assert!(!fragment(&document(EVIL), &series()).contains("<script"));
}

#[test]
fn an_empty_document_is_a_page_too() {
    let html = page(&Document::default(), &Series::default());
    assert!(
        html.contains("no server is known to be master") && html.contains("There is no replica.")
    );
}

/// Nothing is loaded from elsewhere, and no style or handler is in an attribute, which the policy
/// would refuse.
#[test]
fn the_page_is_self_contained() {
    let html = page(&document("n:1"), &series());
    for outside in ["src=", "href=\"http", "href=\"//", "@import", "url(", " style=", " onclick="] {
        assert!(!html.contains(outside), "{outside}");
    }
    let policy = policy();
    let policy = policy.to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}
