//! A page: status, headers and body.

use hyper::StatusCode;
use hyper::header::HeaderValue;
use serde::Serialize;

use super::feed::Watch;

/// The response to a request for one path.
#[derive(Debug)]
pub struct Page {
    pub(super) status: StatusCode,
    pub(super) content_type: HeaderValue,
    pub(super) body: Body,
    /// What a browser may load and run for this page.
    pub(super) policy: Option<HeaderValue>,
}

/// The body of a page.
#[derive(Debug)]
pub(super) enum Body {
    /// All of it.
    Text(String),
    /// Events, as long as the client takes them.
    Events(Watch),
}

impl Page {
    /// A page in Prometheus's text format.
    #[must_use]
    pub fn metrics(body: String) -> Self {
        Self::of(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", body)
    }

    /// Server-sent events; status 503 if too many clients watch already.
    #[must_use]
    pub fn events(watch: Option<Watch>) -> Self {
        let Some(watch) = watch else {
            let text = "too many clients watch already\n".to_owned();
            return Self::text(StatusCode::SERVICE_UNAVAILABLE, text);
        };
        let page = Self::of(StatusCode::OK, "text/event-stream", String::new());
        Self { body: Body::Events(watch), ..page }
    }

    /// A page for browsers, which load and run for it what `policy` permits.
    pub(super) fn html(body: String, policy: HeaderValue) -> Self {
        let page = Self::of(StatusCode::OK, "text/html; charset=utf-8", body);
        Self { policy: Some(policy), ..page }
    }

    /// A page that says `ok`, or why not with status 503.
    pub(super) fn verdict(verdict: Result<(), String>) -> Self {
        match verdict {
            Ok(()) => Self::text(StatusCode::OK, "ok\n".to_owned()),
            Err(why) => Self::text(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
        }
    }

    /// A page with a JSON document.
    pub(super) fn json(value: &impl Serialize) -> Self {
        match serde_json::to_string_pretty(value) {
            Ok(body) => Self::of(StatusCode::OK, "application/json", body + "\n"),
            Err(error) => Self::failure(&error),
        }
    }

    /// A page that could not be made.
    pub(super) fn failure(error: &serde_json::Error) -> Self {
        Self::text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n"))
    }

    /// A page of plain text.
    pub(super) fn text(status: StatusCode, body: String) -> Self {
        Self::of(status, "text/plain; charset=utf-8", body)
    }

    fn of(status: StatusCode, content_type: &'static str, body: String) -> Self {
        let content_type = HeaderValue::from_static(content_type);
        Self { status, content_type, body: Body::Text(body), policy: None }
    }
}
