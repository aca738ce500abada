//! The whole page, its style, script and policy.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::{events, lag, picture, summary, tables};
use crate::view::{Document, Series};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A small wave between two lines.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 \
    16'%3E%3Cpath d='M1 9c2.3 0 2.3-3 4.7-3S8 9 10.3 9 12.700 6 15 6' fill='none' stroke='%230072b2' \
    stroke-width='2.5' stroke-linecap='round'/%3E%3C/svg%3E";

/// Reads what programs read at `/status` and `/history`.
pub(in crate::admin) fn read(
    status: &impl Serialize,
    past: &impl Serialize,
) -> serde_json::Result<(Document, Series)> {
    fn read_one<T: DeserializeOwned>(document: &impl Serialize) -> serde_json::Result<T> {
        serde_json::from_value(serde_json::to_value(document)?)
    }
    Ok((read_one(status)?, read_one(past)?))
}

/// What a browser may do for the page: run its own script, use its own style, and ask the proxy
/// that it came from.
pub(in crate::admin) fn policy() -> HeaderValue {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
        format!(
            "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hash(SCRIPT),
            hash(STYLE)
        )
    });
    HeaderValue::from_str(&POLICY)
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// The whole page.
pub(in crate::admin) fn page(document: &Document, series: &Series) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (summary::title(document)) }
                link rel="icon" href=(ICON);
                noscript { meta http-equiv="refresh" content="5"; }
                style { (PreEscaped(STYLE)) }
            }
            body {
                p #lost .alert .bad role="alert" hidden { "The proxy does not answer." }
                div #live { (live(document, series)) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// The changing part of the page.
pub(in crate::admin) fn fragment(document: &Document, series: &Series) -> String {
    live(document, series).into_string()
}

fn live(document: &Document, series: &Series) -> Markup {
    html! {
        header { (summary::head(document)) }
        main data-title=(summary::title(document)) data-clock=(document.unix_ms) {
            (summary::alerts(document))
            (summary::tiles(document))
            (picture::section(document))
            (lag::section(document, series))
            (tables::servers(document))
            div .pair {
                (tables::classes(document, series))
                (tables::reads(document))
            }
            div .pair {
                (events::section(document))
                (tables::process(document))
            }
        }
        footer {
            "The numbers of "
            a href="status" { "/status" } " over the last "
            (document.traffic.window_ms / 1_000) " s, and of "
            a href="history" { "/history" } ". Times are UTC."
        }
    }
}
