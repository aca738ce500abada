//! The lag of each replica over the last ten minutes, with the line of `reads.max-lag`.

use maud::{Markup, html};

use super::plot::{Line, POINTS, peak, plot, strip};
use crate::view::words::lag as words;
use crate::view::{Condition, Document, Series, Server, ServerSeries};

/// The section with a plot per replica.
pub(super) fn section(document: &Document, series: &Series) -> Markup {
    let limit = document.limits.max_lag_ms;
    html! {
        section aria-labelledby="lag" {
            h2 #lag {
                "Lag, last 10 minutes "
                span .quiet {
                    @match limit {
                        Some(limit) => { "dashed: max-lag " (words(Some(limit))) }
                        None => { "no max-lag is set" }
                    }
                }
            }
            @if document.others().next().is_none() { p .quiet { "There is no replica." } }
            div .plots {
                @for server in document.others() {
                    (replica(server, series.server(server.id), limit))
                }
            }
        }
    }
}

fn replica(server: &Server, series: Option<&ServerSeries>, limit: Option<u64>) -> Markup {
    let none = ServerSeries::default();
    let series = series.unwrap_or(&none);
    let condition = Condition::of(server);
    let severity = condition.severity;
    let peak = peak(&series.lag_ms);
    // The line of max-lag stays visible, however long the replica was away.
    let limit = limit.map(|it| f64::from(u32::try_from(it).unwrap_or(u32::MAX)));
    let top = f64::from(peak.unwrap_or(0)) * 1.1;
    let top = limit.map_or(top, |limit| top.clamp(limit * 1.25, limit * 4.0));
    let lines = [Line { values: &series.lag_ms, class: "lag" }];
    let shown = peak.map(u64::from);
    let label = format!(
        "lag of {} over ten minutes: now {}, at most {}",
        server.addr,
        words(server.lag_ms),
        words(shown)
    );
    html! {
        figure .lag {
            figcaption {
                span .state .(severity.as_str()) {
                    span .sign aria-hidden="true" { (severity.sign()) } " " (condition.word)
                }
                " " span .addr { (server.addr) }
                span .now { (words(server.lag_ms)) }
            }
            (plot(&lines, top, limit, &strip(&states(series)), &label))
            div .axis aria-hidden="true" {
                span { "\u{2212}10 min" } span { "peak " (words(shown)) } span { "now" }
            }
        }
    }
}

/// The worst state of each point; `None` where the replica was fresh.
fn states(series: &ServerSeries) -> Vec<Option<&str>> {
    let worst = |part: &[Option<String>]| {
        let is =
            |wanted: &'static str| part.iter().flatten().any(|it| it == wanted).then_some(wanted);
        is("unknown").or_else(|| is("foreign")).or_else(|| is("stale"))
    };
    let step = 600 / POINTS;
    let mut states: Vec<_> = series.state.rchunks(step).take(POINTS).map(worst).collect();
    states.resize(POINTS, None);
    states.reverse();
    states
}
