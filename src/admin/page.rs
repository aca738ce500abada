//! A page: status, content type and body.

use hyper::StatusCode;
use hyper::header::HeaderValue;
use serde::Serialize;

/// The response to a request for one path.
#[derive(Clone, Debug)]
pub struct Page {
    pub(super) status: StatusCode,
    pub(super) content_type: HeaderValue,
    pub(super) body: String,
}

impl Page {
    /// A page in Prometheus's text format.
    #[must_use]
    pub fn metrics(body: String) -> Self {
        Self::of(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", body)
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
            Err(error) => Self::text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        }
    }

    /// A page of plain text.
    pub(super) fn text(status: StatusCode, body: String) -> Self {
        Self::of(status, "text/plain; charset=utf-8", body)
    }

    fn of(status: StatusCode, content_type: &'static str, body: String) -> Self {
        Self { status, content_type: HeaderValue::from_static(content_type), body }
    }
}
