//! The topology as a picture: clients, proxy, master, replicas, and what passes between them.

use maud::{Markup, html};

use super::arrow::{Arrow, Heading, head_length, width};
use super::layout::{Layout, Place, REPLICAS_MAX};
use crate::view::words::{DASH, bytes, lag, number, rate};
use crate::view::{Condition, Document, Server};

/// The section with the picture, once for wide and once for narrow screens.
pub(super) fn section(document: &Document) -> Markup {
    let others: Vec<_> = document.others().take(REPLICAS_MAX).collect();
    let hidden = document.others().count() - others.len();
    html! {
        section .topology aria-labelledby="topology" {
            h2 #topology { "Topology" }
            (picture(document, &others, &Layout::wide(others.len())))
            (picture(document, &others, &Layout::tall(others.len())))
            @if hidden > 0 { p .quiet { "and " (hidden) " more servers, in the table below" } }
            p .key .quiet aria-hidden="true" {
                span .write { "\u{2501} writes" } " " span .read { "\u{2501} reads" } " "
                span .replication { "\u{254c} replication" }
                " \u{b7} thicker is more, on a logarithmic scale"
            }
        }
    }
}

fn picture(document: &Document, others: &[&Server], layout: &Layout) -> Markup {
    let (w, h) = layout.size;
    let class = if layout.is_wide { "wide" } else { "tall" };
    html! {
        svg .picture .(class) viewBox=(format!("0 0 {w} {h}")) role="img"
            aria-label=(described(document)) {
            @for arrow in arrows(document, others, layout) { (arrow.draw()) }
            (plain(layout.clients, "Clients", &number(document.clients.connected), "box"))
            (plain(layout.proxy, "Tidegate", &proxy_line(document), "box proxy"))
            @match document.master() {
                Some(master) => (server(layout.master, master, document)),
                None => (plain(layout.master, "No master", "no server is known to be master",
                    "box unknown")),
            }
            @for (place, it) in layout.replicas.iter().zip(others) {
                (server(*place, it, document))
            }
        }
    }
}

/// The picture in words, for screen readers.
fn described(document: &Document) -> String {
    let master = document.master().map_or("no master", |it| &*it.addr);
    let others = document.others().map(|it| format!("{} {}", it.addr, Condition::of(it).word));
    let others: Vec<_> = others.collect();
    let (clients, per_s) = (document.clients.connected, rate(document.traffic.per_s));
    format!(
        "{clients} clients send {per_s} requests per second through Tidegate to the master {master} \
         and to the replicas: {}",
        others.join(", ")
    )
}

fn proxy_line(document: &Document) -> String {
    let gate = if document.gate.open { "gate open" } else { "gate closed" };
    let hold = document.hold.as_ref().map(|hold| format!("hold: {}", hold.reason));
    hold.unwrap_or_else(|| gate.to_owned())
}

fn plain(place: Place, title: &str, line: &str, class: &str) -> Markup {
    let (x, y) = place.middle();
    html! {
        g class=(class) {
            rect x=(place.x) y=(place.y) width=(place.w) height=(place.h) rx="9" {}
            text .name x=(x) y=(y - 4.0) text-anchor="middle" { (title) }
            text .line x=(x) y=(y + 15.0) text-anchor="middle" { (line) }
        }
    }
}

fn server(place: Place, server: &Server, document: &Document) -> Markup {
    let condition = Condition::of(server);
    let severity = condition.severity;
    let traffic = document.traffic_of(server.id);
    let stream = || format!("{}/s", bytes(traffic.replication_bytes_per_s));
    let line = match (&*server.role, &condition.why) {
        ("master", _) => format!("{} in flight \u{b7} stream {}", server.in_flight, stream()),
        (_, Some(why)) => format!("{}: {}", condition.word, cut(why, 34)),
        _ => format!("lag {} \u{b7} {} in flight", lag(server.lag_ms), server.in_flight),
    };
    let local = if server.local { " (in this process)" } else { "" };
    html! {
        g class=(format!("box {}", severity.as_str())) {
            title { (server.addr) ": " (condition.word) }
            rect x=(place.x) y=(place.y) width=(place.w) height=(place.h) rx="9" {}
            text .name x=(place.x + 12.0) y=(place.y + 23.0) {
                tspan .sign { (severity.sign()) } " " (cut(&server.addr, 26)) (local)
            }
            text .line x=(place.x + 12.0) y=(place.y + 43.0) {
                @if server.role != "master" && condition.why.is_none() {
                    tspan .word { (condition.word) } " \u{b7} "
                }
                (line)
            }
        }
    }
}

/// At most `count` characters of `text`.
fn cut(text: &str, count: usize) -> String {
    if text.chars().count() <= count {
        return text.to_owned();
    }
    text.chars().take(count.saturating_sub(1)).chain(['\u{2026}']).collect()
}

fn arrows(document: &Document, others: &[&Server], layout: &Layout) -> Vec<Arrow> {
    let mut arrows = vec![from_clients(document, layout)];
    if let Some(master) = document.master() {
        let traffic = document.traffic_of(master.id);
        let sent = traffic.writes_per_s + traffic.pinned_per_s;
        arrows.push(to_master(layout, sent, traffic.reads_per_s));
    }
    for (at, (place, server)) in layout.replicas.iter().zip(others).enumerate() {
        let traffic = document.traffic_of(server.id);
        if document.master().is_some() {
            let rate = traffic.replication_bytes_per_s;
            arrows.push(replication(layout, *place, rate));
        }
        arrows.push(to_replica(layout, *place, at, traffic.reads_per_s + traffic.pinned_per_s));
    }
    arrows
}

fn from_clients(document: &Document, layout: &Layout) -> Arrow {
    let per_s = document.traffic.per_s;
    let (label, back) = (format!("{}/s", rate(per_s)), head_length(width(per_s)) - 1.0);
    let (from, to) = (layout.clients, layout.proxy);
    let ((x, y), kind) = (from.middle(), "all");
    if layout.is_wide {
        let path = format!("M{:.1} {y:.1}H{:.1}", from.right(), to.x - back);
        let at = (f64::midpoint(from.right(), to.x) - 4.0, y - 14.0);
        let (tip, heading, anchor) = ((to.x, y), Heading::Right, "middle");
        return Arrow { path, tip, heading, kind, per_s, label, at, anchor };
    }
    let path = format!("M{x:.1} {:.1}V{:.1}", from.bottom(), to.y - back);
    let at = (x + 14.0, f64::midpoint(from.bottom(), to.y) + 4.0);
    let (tip, heading, anchor) = ((x, to.y), Heading::Down, "start");
    Arrow { path, tip, heading, kind, per_s, label, at, anchor }
}

/// Writes and reads to the master are one arrow with both rates.
fn to_master(layout: &Layout, writes: f64, reads: f64) -> Arrow {
    let (per_s, kind) = (writes + reads, "write");
    let back = head_length(width(per_s)) - 1.0;
    let (from, to) = (layout.proxy, layout.master);
    let mut label = format!("{} writes/s", rate(writes));
    if reads >= 0.05 {
        label.push_str(&format!(", {} reads/s", rate(reads)));
    }
    if layout.is_wide {
        let ((_, y), (x, start)) = (to.middle(), from.middle());
        let (turn, top) = (y + 12.0, from.y.min(start));
        let path = format!(
            "M{x:.1} {top:.1}V{turn:.1}Q{x:.1} {y:.1} {:.1} {y:.1}H{:.1}",
            x + 12.0,
            to.x - back
        );
        let (tip, heading, anchor) = ((to.x, y), Heading::Right, "middle");
        let at = (f64::midpoint(x, to.x), y - 12.0);
        return Arrow { path, tip, heading, kind, per_s, label, at, anchor };
    }
    let (x, _) = from.middle();
    let path = format!("M{x:.1} {:.1}V{:.1}", from.bottom(), to.y - back);
    let (tip, heading, anchor) = ((x, to.y), Heading::Down, "start");
    let at = (x + 14.0, f64::midpoint(from.bottom(), to.y) + 4.0);
    Arrow { path, tip, heading, kind, per_s, label, at, anchor }
}

fn to_replica(layout: &Layout, to: Place, at: usize, per_s: f64) -> Arrow {
    let (kind, label) = ("read", format!("{} reads/s", rate(per_s)));
    let back = head_length(width(per_s)) - 1.0;
    let (tip, heading, (_, y)) = ((to.x, to.middle().1), Heading::Right, to.middle());
    if layout.is_wide {
        let (from, steps) = (layout.proxy, u32::try_from(at).map_or(0.0, f64::from));
        // Each arrow leaves a little further below the last one.
        let start = (from.y + 40.0 + steps * 6.0).min(from.bottom() - 8.0);
        let (x, bend) = (from.right(), f64::midpoint(from.right(), to.x));
        let end = to.x - back;
        let path = format!(
            "M{x:.1} {start:.1}C{bend:.1} {start:.1} {:.1} {y:.1} {end:.1} {y:.1}",
            bend - 60.0
        );
        let (at, anchor) = ((to.x - 30.0, y - 11.0), "end");
        return Arrow { path, tip, heading, kind, per_s, label, at, anchor };
    }
    let (from, bus) = (layout.proxy, 20.0);
    let start = from.middle().1;
    let path = format!(
        "M{:.1} {start:.1}H{:.1}Q{bus:.1} {start:.1} {bus:.1} {:.1}V{:.1}Q{bus:.1} {y:.1} {:.1} {y:.1}H{:.1}",
        from.x,
        bus + 12.0,
        start + 12.0,
        y - 12.0,
        bus + 12.0,
        to.x - back
    );
    // The label has room in the box only.
    let (at, anchor) = ((to.right() - 10.0, to.y + 23.0), "end");
    Arrow { path, tip, heading, kind, per_s, label, at, anchor }
}

fn replication(layout: &Layout, to: Place, bytes_per_s: Option<f64>) -> Arrow {
    let (kind, bus) = ("replication", layout.size.0 - 18.0);
    // A kilobyte per second is drawn as one request per second.
    let per_s = bytes_per_s.unwrap_or_default() / 1024.0;
    let label = match bytes_per_s {
        Some(_) if layout.is_wide => format!("{}/s", bytes(bytes_per_s)),
        _ => String::new(),
    };
    let label = if label == DASH { String::new() } else { label };
    let back = head_length(width(per_s)) - 1.0;
    let (start, (_, y)) = (layout.master.middle().1, to.middle());
    let path = format!(
        "M{:.1} {start:.1}H{:.1}Q{bus:.1} {start:.1} {bus:.1} {:.1}V{:.1}Q{bus:.1} {y:.1} {:.1} {y:.1}H{:.1}",
        layout.master.right(),
        bus - 12.0,
        start + 12.0,
        y - 12.0,
        bus - 12.0,
        to.right() + back
    );
    let (tip, heading) = ((to.right(), y), Heading::Left);
    let (at, anchor) = ((bus - 8.0, y - 13.0), "end");
    Arrow { path, tip, heading, kind, per_s, label, at, anchor }
}
