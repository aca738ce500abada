//! Draws the terminal.

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Cell, Clear, Paragraph, Row, Sparkline, Table};

use super::plain::{head, printable};
use super::rows::{CLASS_TITLES, Column, class, servers};
use super::source::Look;
use super::state::{Panel, State};
use crate::view::words::{ago, clock, lag};
use crate::view::{Severity, peaks};

const HELP: &str = "\
q, Esc, Ctrl-C  quit
s, right, left  sort the servers by the next column
r               reverse the order
Tab, up, down   switch between traffic and events
h, ?            this help";

/// Colours that the eye tells apart also without red and green; each state has its sign and word.
const fn color(severity: Severity) -> Color {
    match severity {
        Severity::Master => Color::Blue,
        Severity::Good => Color::Cyan,
        Severity::Warning => Color::Yellow,
        Severity::Unknown => Color::DarkGray,
        Severity::Foreign => Color::Magenta,
    }
}

/// Draws all.
pub(super) fn draw(frame: &mut Frame<'_>, look: &Look, state: &State) {
    let rows = u16::try_from(look.document.backends.len()).unwrap_or(u16::MAX);
    let table = rows.saturating_add(2).min(frame.area().height / 2);
    let areas = Layout::vertical([
        Constraint::Length(4),
        Constraint::Length(table),
        Constraint::Min(0),
        Constraint::Length(1),
    ]);
    let [top, middle, below, bottom] = areas.areas(frame.area());
    draw_head(frame, look, top);
    draw_servers(frame, look, state, middle);
    match state.panel {
        Panel::Traffic => draw_traffic(frame, look, below),
        Panel::Events => draw_events(frame, look, below),
    }
    let foot = match &state.fault {
        Some(fault) => Line::from(printable(fault)).black().on_yellow(),
        None => Line::from(" q quit  s sort  r reverse  Tab switch  h help").dark_gray(),
    };
    frame.render_widget(foot, bottom);
    if state.shows_help {
        draw_help(frame);
    }
}

fn draw_head(frame: &mut Frame<'_>, look: &Look, area: Rect) {
    let document = &look.document;
    let mut lines: Vec<_> =
        head(document).into_iter().map(|line| Line::from(printable(&line))).collect();
    let is_bad = [!document.ready, false, !document.gate.open || document.hold.is_some()];
    for (line, is_bad) in lines.iter_mut().zip(is_bad) {
        if is_bad {
            *line = std::mem::take(line).yellow().bold();
        }
    }
    if let Some(first) = lines.first_mut() {
        *first = std::mem::take(first).bold();
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn aligned(text: String, is_text: bool) -> Cell<'static> {
    let alignment = if is_text { Alignment::Left } else { Alignment::Right };
    Cell::from(Line::from(text).alignment(alignment))
}

fn draw_servers(frame: &mut Frame<'_>, look: &Look, state: &State, area: Rect) {
    let order = state.sorted_by.map(|column| (column, state.is_reversed));
    let title = |column: Column| {
        let cell = aligned(column.title().to_owned(), column.is_text());
        let is_chosen = state.sorted_by == Some(column);
        cell.style(if is_chosen { Style::new().reversed() } else { Style::new() })
    };
    let head = Row::new(Column::ALL.map(title)).style(Style::new().add_modifier(Modifier::DIM));
    let rows = servers(&look.document, order).into_iter().map(|row| {
        let style = Style::new().fg(color(row.severity));
        let cells = row.cells.into_iter().zip(Column::ALL).map(|(text, column)| {
            let cell = aligned(printable(&text), column.is_text());
            if column == Column::State { cell.style(style) } else { cell }
        });
        Row::new(cells.collect::<Vec<_>>())
    });
    let widths = [10, 22, 9, 10, 8, 6, 8, 9, 6, 9, 20];
    let widths = widths.map(Constraint::Min);
    frame.render_widget(Table::new(rows, widths).header(head).column_spacing(1), area);
}

/// The classes, and below them the lag of each replica.
fn draw_traffic(frame: &mut Frame<'_>, look: &Look, area: Rect) {
    let classes = &look.document.traffic.classes;
    let height = u16::try_from(classes.len()).unwrap_or(u16::MAX).saturating_add(2);
    let [top, below] =
        Layout::vertical([Constraint::Length(height), Constraint::Min(0)]).areas(area);
    let head =
        Row::new(CLASS_TITLES.into_iter().enumerate().map(|(at, it)| aligned(it.into(), at == 0)));
    let rows = classes.iter().map(|it| {
        let cells = class(it).into_iter().enumerate();
        Row::new(cells.map(|(at, text)| aligned(text, at == 0)).collect::<Vec<_>>())
    });
    let widths = [10, 12, 10, 10].map(Constraint::Length);
    let head = head.style(Style::new().add_modifier(Modifier::DIM));
    frame.render_widget(Table::new(rows, widths).header(head).column_spacing(2), top);
    let others: Vec<_> = look.document.others().collect();
    let places = Layout::vertical(others.iter().map(|_| Constraint::Length(4))).split(below);
    for (server, place) in others.iter().zip(places.iter()) {
        let none = Vec::new();
        let values = look.series.server(server.id).map_or(&none, |it| &it.lag_ms);
        let width = usize::from(place.width.max(1));
        let peaks = peaks(values, 600, width);
        let most = values.iter().flatten().max().copied();
        let limit = look.document.limits.max_lag_ms;
        let title = format!(
            "lag of {}: {}, peak {} in 10 min, max-lag {}",
            printable(&server.addr),
            lag(server.lag_ms),
            lag(most.map(u64::from)),
            lag(limit)
        );
        let top = limit.unwrap_or(0).max(most.unwrap_or(1).into());
        let plot = Sparkline::default()
            .data(peaks.iter().map(|it| it.map(u64::from)))
            .max(top)
            .style(Style::new().fg(Color::Cyan))
            .block(Block::new().borders(Borders::TOP).title(title));
        frame.render_widget(plot, *place);
    }
}

fn draw_events(frame: &mut Frame<'_>, look: &Look, area: Rect) {
    let lines = look.document.events.iter().map(|event| {
        let sign = match &*event.level {
            "good" => "\u{25cf} ".cyan(),
            "bad" => "\u{25b2} ".yellow(),
            _ => "\u{25aa} ".dark_gray(),
        };
        let server = event.server.as_ref().map(|it| format!("{it} ")).unwrap_or_default();
        Line::from(vec![
            Span::from(clock(event.at_unix_ms)),
            format!("  {:>14}  ", ago(event.age_ms)).dark_gray(),
            sign,
            format!("{:<9} ", event.kind).dark_gray(),
            Span::from(printable(&server)).bold(),
            Span::from(printable(&event.text)),
        ])
    });
    let block = Block::new().borders(Borders::TOP).title("events, times are UTC");
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()).block(block), area);
}

fn draw_help(frame: &mut Frame<'_>) {
    let area = frame.area().centered(Constraint::Length(58), Constraint::Length(7));
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(HELP).block(Block::bordered().title(" keys ")), area);
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;

    fn shown(state: &State, size: (u16, u16)) -> String {
        let document = r#"{"version": "1.2", "ready": true, "gate": {"open": true},
            "limits": {"max_lag_ms": 1000},
            "backends": [{"id": 1, "addr": "a:1", "role": "master"},
                {"id": 2, "addr": "b:1", "role": "replica", "state": "fresh", "reads": true,
                 "lag_ms": 40}],
            "traffic": {"classes": [{"class": "read", "per_s": 12.0, "p50_ms": 0.25}]},
            "events": [{"kind": "gate", "text": "the write gate is open"}]}"#;
        let series = r#"{"servers": [{"id": 2, "lag_ms": [40, null, 1200]}]}"#;
        let document = serde_json::from_str(document).unwrap();
        let look = Look { document, series: serde_json::from_str(series).unwrap() };
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        terminal.draw(|frame| draw(frame, &look, state)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn the_screen_shows_servers_classes_lag_events_and_help() {
        let mut state = State::default();
        let traffic = shown(&state, (130, 30));
        for part in
            ["Tidegate 1.2, ready", "master", "fresh", "READS/S", "250 \u{b5}s", "peak 1.20 s"]
        {
            assert!(traffic.contains(part), "{part} is not in\n{traffic}");
        }
        state.panel = Panel::Events;
        assert!(shown(&state, (130, 30)).contains("the write gate is open"));
        state.shows_help = true;
        assert!(shown(&state, (130, 30)).contains("reverse the order"));
        state.fault = Some("no proxy answers".to_owned());
        assert!(shown(&state, (130, 30)).contains("no proxy answers"));
        // No size breaks it.
        for size in [(1, 1), (10, 3), (40, 8), (300, 100)] {
            shown(&state, size);
        }
    }
}
