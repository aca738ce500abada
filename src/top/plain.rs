//! Plain text, for pipes and for people without a terminal.

use std::fmt::Write;

use super::rows::{CLASS_TITLES, Column, class, servers};
use crate::view::Document;
use crate::view::words::{ago, clock, number, rate, span};

/// The events that are printed.
const EVENTS: usize = 10;

/// The first lines: state, gate, hold and clients.
pub(super) fn head(document: &Document) -> Vec<String> {
    let ready = match &document.reason {
        Some(reason) if !document.ready => format!("not ready: {reason}"),
        _ => "ready".to_owned(),
    };
    let gate = &document.gate;
    let open = if gate.open { "open" } else { "closed" };
    let hold = document.hold.as_ref().map_or_else(
        || "none".to_owned(),
        |hold| format!("{} for {}", hold.reason, span(hold.age_ms)),
    );
    let (version, up) = (&document.version, span(document.uptime_ms));
    let (rate, window) = (rate(document.traffic.per_s), document.traffic.window_ms / 1_000);
    vec![
        format!("Tidegate {version}, {ready}, up {up}, {} UTC", clock(document.unix_ms)),
        format!(
            "{rate} requests/s over {window} s, clients {} of {}, failovers {}",
            number(document.clients.connected),
            number(document.clients.max),
            document.failovers.count
        ),
        format!(
            "write gate {open} ({} of {} in sync, {} held), hold {hold}",
            gate.good, gate.wanted, gate.held
        ),
    ]
}

/// The text for one look.
pub(super) fn text(document: &Document) -> String {
    let mut text = head(document).join("\n") + "\n\n";
    let titles = Column::ALL.map(|it| it.title().to_owned());
    let mut rows = vec![titles];
    rows.extend(servers(document, None).into_iter().map(|row| row.cells));
    let is_text = Column::ALL.map(Column::is_text);
    table(&mut text, &rows, &is_text);
    text.push('\n');
    let mut rows = vec![CLASS_TITLES.map(str::to_owned)];
    rows.extend(document.traffic.classes.iter().map(class));
    table(&mut text, &rows, &[true, false, false, false]);
    if !document.events.is_empty() {
        text.push('\n');
    }
    for event in document.events.iter().take(EVENTS) {
        let server = event.server.as_ref().map(|it| format!("{it} ")).unwrap_or_default();
        let (at, age, kind) = (clock(event.at_unix_ms), ago(event.age_ms), &event.kind);
        let _ = writeln!(text, "{at}  {age:>14}  {kind:<8}  {server}{}", printable(&event.text));
    }
    text
}

/// `text` without control characters, which a terminal would obey.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Columns with two spaces between them; numbers end at the right.
fn table<const N: usize>(out: &mut String, rows: &[[String; N]], is_text: &[bool; N]) {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in rows {
        let cells = row.iter().zip(widths).zip(is_text).map(|((cell, width), is_text)| {
            let cell = printable(cell);
            if *is_text { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_all_tables_and_no_control_character() {
        let document = r#"{"version": "1.2", "ready": false, "reason": "no master is known",
            "backends": [{"addr": "a:1", "role": "replica", "state": "stale", "lag_ms": 1500,
                "reason": "lag"}],
            "traffic": {"classes": [{"class": "read", "per_s": 12.0, "p50_ms": 0.25}]},
            "events": [{"kind": "server", "server": "a:1", "text": "x\u001b[2Jy", "age_ms": 5000}]}"#;
        let text = text(&serde_json::from_str(document).unwrap());
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("Tidegate 1.2, not ready: no master is known, up 0 s"));
        assert!(lines[2].starts_with("write gate closed"), "{text}");
        assert_eq!(lines[4].split_whitespace().next(), Some("STATE"));
        assert!(lines[5].contains("stale") && lines[5].contains("1.50 s"), "{text}");
        assert_eq!(lines[8], "read           12  250 \u{b5}s    \u{2013}");
        assert!(text.ends_with("5 s ago  server    a:1 x [2Jy\n"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}
