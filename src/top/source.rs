//! Asks a running proxy for its documents.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONNECTION, HOST, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::target::Target;
use crate::net::{Connecting, Stream};
use crate::tls::{ClientFiles, ClientTls, Protocol};
use crate::view::{Document, Series};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest document, in bytes.
const LENGTH_MAX: usize = 32 << 20;

/// Why a proxy cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It cannot be reached.
    #[error("no proxy answers at {addr}: {error}; is it running, and is this its metrics.listen?")]
    Unreachable {
        /// The address.
        addr: String,
        /// The cause.
        error: io::Error,
    },
    /// It does not answer in time.
    #[error("{addr} does not answer within {PATIENCE:?}")]
    Silent {
        /// The address.
        addr: String,
    },
    /// It asks for a login, or for another one.
    #[error("{addr} asks for a login: give it as http://USER:PASSWORD@HOST:PORT, or by --config")]
    Unauthorized {
        /// The address.
        addr: String,
    },
    /// Its answer is of no use.
    #[error("{addr}{path} is not what a Tidegate answers: {why}")]
    Strange {
        /// The address.
        addr: String,
        /// What was asked for.
        path: &'static str,
        /// What is wrong.
        why: String,
    },
}

/// What the proxy said at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    pub(super) document: Document,
    pub(super) series: Series,
}

/// A proxy that is asked.
#[derive(Debug)]
pub(super) struct Source(Target);

impl Source {
    pub(super) const fn new(target: Target) -> Self {
        Self(target)
    }

    /// The documents now.
    pub(super) async fn look(&self) -> Result<Look, SourceError> {
        let document: Document = self.read("/status").await?;
        if document.version.is_empty() {
            return Err(self.strange("/status", "it has no version"));
        }
        Ok(Look { document, series: self.read("/history").await? })
    }

    /// `/status` in one line.
    pub(super) async fn status_line(&self) -> Result<String, SourceError> {
        let value: serde_json::Value = self.read("/status").await?;
        Ok(value.to_string())
    }

    async fn read<T: DeserializeOwned>(&self, path: &'static str) -> Result<T, SourceError> {
        let addr = self.0.url();
        let body = match timeout(PATIENCE, self.get(path)).await {
            Ok(body) => body?,
            Err(_) => return Err(SourceError::Silent { addr }),
        };
        serde_json::from_slice(&body).map_err(|error| self.strange(path, error))
    }

    async fn get(&self, path: &'static str) -> Result<Bytes, SourceError> {
        let target = &self.0;
        let stream = async { Stream::connect(&target.addr, None, &connecting(target)?).await };
        let unreachable = |error| SourceError::Unreachable { addr: target.url(), error };
        let stream = stream.await.map_err(unreachable)?;
        let strange = |error: hyper::Error| self.strange(path, error);
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(strange)?;
        let mut request = Request::get(path).body(Empty::<Bytes>::new());
        if let Ok(request) = &mut request {
            let host = HeaderValue::from_str(&target.addr.to_string());
            request.headers_mut().extend(host.map(|host| (HOST, host)));
            if let Ok(said) = HeaderValue::from_str(target.authorization.expose())
                && !said.is_empty()
            {
                request.headers_mut().insert(AUTHORIZATION, said);
            }
            request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let request = request.map_err(|error| self.strange(path, error))?;
        let exchange = async {
            let response = sender.send_request(request).await.map_err(strange)?;
            if response.status() == StatusCode::UNAUTHORIZED {
                return Err(SourceError::Unauthorized { addr: target.url() });
            }
            if response.status() != StatusCode::OK {
                return Err(self.strange(path, format!("status {}", response.status())));
            }
            let body = Limited::new(response.into_body(), LENGTH_MAX).collect().await;
            body.map(|body| body.to_bytes()).map_err(|error| self.strange(path, error))
        };
        // The connection moves its bytes only while it is polled.
        let driven = async {
            drop(connection.await);
            std::future::pending().await
        };
        tokio::select! { body = exchange => body, body = driven => body }
    }

    fn strange(&self, path: &'static str, why: impl ToString) -> SourceError {
        SourceError::Strange { addr: self.0.url(), path, why: why.to_string() }
    }
}

/// How a connection to the proxy is opened. Its certificate may be for any name: the operator has named
/// the address.
fn connecting(target: &Target) -> io::Result<Connecting> {
    let files = ClientFiles {
        ca: target.ca.as_deref(),
        own: None,
        server_name: "",
        checks_name: false,
        protocols: Protocol::ALL,
    };
    let tls = target.is_https.then(|| ClientTls::load(&files)).transpose();
    let tls = tls.map_err(|(_, error)| io::Error::other(error))?;
    Ok(Connecting { keepalive: None, tls: tls.map(Arc::new) })
}
