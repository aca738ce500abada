//! The last events, with their times.

use maud::{Markup, html};

use crate::view::words::{ago, clock};
use crate::view::{Document, Event};

/// The section with the last events, the newest first.
pub(super) fn section(document: &Document) -> Markup {
    html! {
        section .events aria-labelledby="events" {
            h2 #events { "Events" }
            div .scroll .tall tabindex="0" role="region" aria-labelledby="events" {
                table {
                    thead .unseen { tr {
                        th scope="col" { "Time, UTC" } th scope="col" { "Age" }
                        th scope="col" { "Kind" } th scope="col" { "What happened" }
                    } }
                    tbody { @for it in &document.events { (row(it)) } }
                }
            }
        }
    }
}

fn row(event: &Event) -> Markup {
    let (level, sign, word) = match &*event.level {
        "good" => ("good", "\u{25cf}", "better: "),
        "bad" => ("warning", "\u{25b2}", "worse: "),
        _ => ("note", "\u{25aa}", ""),
    };
    html! {
        tr data-event=(event.number) {
            td .time { (clock(event.at_unix_ms)) }
            td .quiet .age { (ago(event.age_ms)) }
            td .text { span .kind { (event.kind) } }
            td .text .wrap {
                span .sign .(level) aria-hidden="true" { (sign) } " "
                span .unseen { (word) }
                @if let Some(server) = &event.server { span .addr { (server) } " " }
                (event.text)
            }
        }
    }
}
