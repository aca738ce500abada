//! The HTTP response to a request.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response, StatusCode};

use super::Page;

/// Every path that has a page.
pub(super) const PATHS: [&str; 4] = ["/metrics", "/healthz", "/readyz", "/status"];

/// The response to a request; hyper leaves out the body if the method is `HEAD`.
pub(super) fn answer(
    method: &Method,
    path: &str,
    page: impl Fn(&str) -> Option<Page>,
) -> Response<Full<Bytes>> {
    let is_read = method == Method::GET || method == Method::HEAD;
    let page = if !PATHS.contains(&path) {
        None
    } else if is_read {
        page(path)
    } else {
        Some(Page::text(StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD only\n".to_owned()))
    };
    let page = page.unwrap_or_else(|| {
        let text = format!("not found; the pages are {}\n", PATHS.join(", "));
        Page::text(StatusCode::NOT_FOUND, text)
    });
    let not_allowed = page.status == StatusCode::METHOD_NOT_ALLOWED;
    let mut response = Response::new(Full::from(page.body));
    *response.status_mut() = page.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, page.content_type);
    // A page shows the present state.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if not_allowed {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
