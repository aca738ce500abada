//! The HTTP response to a request.

use std::rc::Rc;

use http_body_util::{Either, Full};
use hyper::body::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Response, StatusCode};

use super::Page;
use super::feed::Watch;
use super::life::Life;
use super::page::Body;

/// Every path that has a page.
pub(super) const PATHS: [&str; 8] =
    ["/", "/status", "/history", "/events", "/events/page", "/metrics", "/healthz", "/readyz"];

/// The response to a request without the right `Authorization`.
pub(super) fn unauthorized() -> Response<Either<Full<Bytes>, Watch>> {
    let mut response = Response::new(Either::Left(Full::from("unauthorized\n")));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let realm = HeaderValue::from_static("Basic realm=\"tidegate\", Bearer");
    response.headers_mut().insert(WWW_AUTHENTICATE, realm);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// The response to a request; hyper leaves out the body if the method is `HEAD`. Events prolong
/// `life`.
pub(super) fn answer(
    method: &Method,
    path: &str,
    page: impl Fn(&str) -> Option<Page>,
    life: &Rc<Life>,
) -> Response<Either<Full<Bytes>, Watch>> {
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
    let mut response = Response::new(match page.body {
        Body::Text(text) => Either::Left(Full::from(text)),
        Body::Events(watch) => Either::Right(watch.prolonging(Rc::clone(life))),
    });
    *response.status_mut() = page.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, page.content_type);
    // A page shows the present state.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(policy) = page.policy {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    if not_allowed {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
