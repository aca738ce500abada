//! The cells of the tables, sorted by a column.

use std::cmp::Ordering;

use crate::view::words::{DASH, lag, maybe_ms, number, rate, size};
use crate::view::{Class, Condition, Document, Server, ServerTraffic, Severity};

/// A column of the table of servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    State,
    Address,
    Lag,
    Behind,
    Reads,
    Share,
    Writes,
    InFlight,
    Connections,
    ReplyTime,
    Why,
}

impl Column {
    pub(super) const ALL: [Self; 11] = [
        Self::State,
        Self::Address,
        Self::Lag,
        Self::Behind,
        Self::Reads,
        Self::Share,
        Self::Writes,
        Self::InFlight,
        Self::Connections,
        Self::ReplyTime,
        Self::Why,
    ];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::State => "STATE",
            Self::Address => "ADDRESS",
            Self::Lag => "LAG",
            Self::Behind => "BEHIND",
            Self::Reads => "READS/S",
            Self::Share => "SHARE",
            Self::Writes => "WRITES/S",
            Self::InFlight => "IN FLIGHT",
            Self::Connections => "CONNS",
            Self::ReplyTime => "REPLY",
            Self::Why => "WHY NO READS",
        }
    }

    /// Whether its cells are text, which begins at the left.
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::State | Self::Address | Self::Why)
    }
}

/// A server as a row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) severity: Severity,
    pub(super) cells: [String; Column::ALL.len()],
    server: Server,
    traffic: ServerTraffic,
}

/// The servers; without a column in the order of the proxy, the master first.
pub(super) fn servers(document: &Document, order: Option<(Column, bool)>) -> Vec<Row> {
    let mut rows: Vec<_> = document.backends.iter().map(|it| row(document, it)).collect();
    if let Some((column, is_reversed)) = order {
        rows.sort_by(|a, b| {
            let order = compare(column, a, b);
            if is_reversed { order.reverse() } else { order }
        });
    }
    rows
}

/// Numbers begin with the greatest, texts with the first.
fn compare(column: Column, a: &Row, b: &Row) -> Ordering {
    match column {
        Column::Lag => b.server.lag_ms.cmp(&a.server.lag_ms),
        Column::Behind => b.server.lag_bytes.cmp(&a.server.lag_bytes),
        Column::Reads | Column::Share => b.traffic.reads_per_s.total_cmp(&a.traffic.reads_per_s),
        Column::Writes => b.traffic.writes_per_s.total_cmp(&a.traffic.writes_per_s),
        Column::InFlight => b.server.in_flight.cmp(&a.server.in_flight),
        Column::Connections => b.server.connections.cmp(&a.server.connections),
        Column::ReplyTime => b.server.latency_us.cmp(&a.server.latency_us),
        Column::State | Column::Address | Column::Why => {
            let cell = |row: &Row| {
                let at = Column::ALL.iter().position(|it| *it == column);
                at.and_then(|at| row.cells.get(at).cloned())
            };
            cell(a).cmp(&cell(b))
        }
    }
}

fn row(document: &Document, server: &Server) -> Row {
    let (condition, traffic) = (Condition::of(server), document.traffic_of(server.id));
    let percent = traffic.read_percent.map(|it| format!("{it:.0} %"));
    let latency = u32::try_from(server.latency_us).ok().filter(|it| *it > 0);
    let latency = latency.map(|it| f64::from(it) / 1e3);
    let cells = [
        format!("{} {}", condition.severity.sign(), condition.word),
        server.addr.clone(),
        lag(server.lag_ms),
        size(server.lag_bytes),
        rate(traffic.reads_per_s),
        percent.unwrap_or_else(|| DASH.to_owned()),
        rate(traffic.writes_per_s),
        number(server.in_flight),
        number(server.connections),
        maybe_ms(latency),
        condition.why.unwrap_or_else(|| DASH.to_owned()),
    ];
    let severity = condition.severity;
    Row { severity, cells, server: server.clone(), traffic }
}

/// The columns of the table of classes.
pub(super) const CLASS_TITLES: [&str; 4] = ["CLASS", "REQUESTS/S", "P50", "P99"];

/// A class as a row.
pub(super) fn class(class: &Class) -> [String; 4] {
    let times = [class.p50_ms, class.p99_ms].map(maybe_ms);
    let [p50, p99] = times;
    [class.class.clone(), rate(class.per_s), p50, p99]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        let text = r#"{"version": "1", "backends": [
            {"id": 1, "addr": "a:1", "role": "master", "reads": true},
            {"id": 2, "addr": "c:1", "role": "replica", "state": "fresh", "reads": true, "lag_ms": 40},
            {"id": 3, "addr": "b:1", "role": "replica", "state": "stale", "reason": "lag",
             "lag_ms": 4000, "reads": false}],
            "traffic": {"servers": [{"id": 2, "reads_per_s": 7.0, "read_percent": 100.0}]}}"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn rows_are_sorted_by_a_column() {
        let ids =
            |order| servers(&document(), order).iter().map(|it| it.server.id).collect::<Vec<_>>();
        assert_eq!(ids(None), [1, 2, 3]);
        assert_eq!(ids(Some((Column::Address, false))), [1, 3, 2]);
        assert_eq!(ids(Some((Column::Lag, false))), [3, 2, 1]);
        assert_eq!(ids(Some((Column::Lag, true))), [1, 2, 3]);
        assert_eq!(ids(Some((Column::Reads, false)))[0], 2);
        let rows = servers(&document(), None);
        assert_eq!(rows[2].cells[0], "\u{25b2} stale");
        assert_eq!((&*rows[2].cells[2], &*rows[2].cells[10]), ("4.00 s", "lag"));
        assert_eq!(rows[1].cells[5], "100 %");
    }
}
