//! Accepts scrapers and gives each its bounded time.

use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::Page;
use super::answer::answer;

/// Connections at a time; further ones wait to be accepted.
const CONNECTIONS_MAX: usize = 64;
/// How long a request's head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may last, whatever it does.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a request's head.
const HEAD_MAX: usize = 16 * 1024;
/// The pause after an accept that failed: files may have run out, and asking again at once would
/// only burn time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the pages that `page` gives for their paths, for ever. Spawns local tasks: it has to run
/// on a `LocalSet` or a local runtime.
pub async fn serve(
    listener: Rc<TcpListener>,
    page: impl Fn(&str) -> Option<Page> + Clone + 'static,
) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut is_failing = false;
    loop {
        // Never closed, so this is always a permit.
        let slot = Arc::clone(&slots).acquire_owned().await;
        match listener.accept().await {
            Ok((stream, _)) => {
                is_failing = false;
                let page = page.clone();
                tokio::task::spawn_local(async move {
                    converse(stream, page).await;
                    drop(slot);
                });
            }
            Err(error) => {
                if !std::mem::replace(&mut is_failing, true) {
                    tracing::warn!("scrapers cannot be accepted: {error}");
                }
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, page: impl Fn(&str) -> Option<Page>) {
    let service = service_fn(|request| {
        let response = answer(request.method(), request.uri().path(), &page);
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .keep_alive(false)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    // A scraper that breaks off, or talks nonsense, harms only itself.
    match timeout(TOTAL_TIMEOUT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!("scrape: {error}"),
        Err(_) => tracing::debug!("scrape: not over within {TOTAL_TIMEOUT:?}"),
    }
}
