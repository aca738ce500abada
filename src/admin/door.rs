//! To whom the pages are shown: HTTPS, and what a request has to say in `Authorization`.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;
use subtle::ConstantTimeEq;

use crate::config::{Config, Metrics};
use crate::tls::ServerTls;

/// The pages that ask for nothing: orchestrators look at them.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// To whom the pages are shown, as the configuration in force says.
#[derive(Clone)]
pub struct Door(Arc<ArcSwap<Config>>);

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Door")
    }
}

impl Door {
    /// The door of `[metrics]`.
    #[must_use]
    pub fn new(config: Arc<ArcSwap<Config>>) -> Self {
        Self(config)
    }

    /// The certificate of HTTPS; `None` for plain HTTP.
    pub(super) fn tls(&self) -> Option<Arc<ServerTls>> {
        let config = self.0.load();
        config.certificates.to_clients.clone().filter(|_| config.metrics.tls)
    }

    /// Whether a request with this `Authorization` may see the page at `path`.
    pub(super) fn admits(&self, path: &str, authorization: Option<&HeaderValue>) -> bool {
        OPEN.contains(&path) || is_right(&self.0.load().metrics, authorization)
    }
}

fn is_right(metrics: &Metrics, authorization: Option<&HeaderValue>) -> bool {
    let token = metrics.bearer_token.expose();
    let (name, password) = (metrics.username.as_str(), metrics.password.expose());
    if token.is_empty() && password.is_empty() {
        return true;
    }
    let said = authorization.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some((scheme, said)) = said.split_once(' ') else { return false };
    if scheme.eq_ignore_ascii_case("Bearer") {
        return !token.is_empty() && same(said.trim().as_bytes(), token.as_bytes());
    }
    if !scheme.eq_ignore_ascii_case("Basic") || password.is_empty() {
        return false;
    }
    let wanted = format!("{name}:{password}");
    STANDARD.decode(said.trim()).is_ok_and(|said| same(&said, wanted.as_bytes()))
}

/// Whether both are equal; the time tells no more than their lengths.
fn same(said: &[u8], wanted: &[u8]) -> bool {
    said.ct_eq(wanted).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_wire::units::Secret;

    fn admits(metrics: &Metrics, said: &str) -> bool {
        is_right(metrics, Some(&HeaderValue::from_str(said).unwrap()))
    }

    #[test]
    fn a_token_or_a_password_opens_and_nothing_else() {
        let open = Metrics::default();
        assert!(is_right(&open, None) && admits(&open, "Bearer x"));
        let metrics = Metrics {
            username: "ops".to_owned(),
            password: Secret::new("open sesame"),
            bearer_token: Secret::new("token"),
            ..Metrics::default()
        };
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        assert!(admits(&metrics, "Bearer token") && admits(&metrics, &basic("ops:open sesame")));
        assert!(admits(&metrics, "bearer token"));
        assert!(!is_right(&metrics, None));
        for said in ["", "token", "Bearer", "Bearer toke", "Bearer tokens", "Basic !", "Digest x"] {
            assert!(!admits(&metrics, said), "{said}");
        }
        for said in ["ops:", "ops:open", ":open sesame", "ops:open sesame ", "open sesame"] {
            assert!(!admits(&metrics, &basic(said)), "{said}");
        }
        let token_only = Metrics { password: Secret::default(), ..metrics };
        assert!(!admits(&token_only, &basic("ops:")) && admits(&token_only, "Bearer token"));
    }
}
