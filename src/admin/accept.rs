//! Accepts scrapers and gives each its bounded time. None waits to be accepted: where there are too
//! many, an idle one makes room.

use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::{sleep, timeout};

use super::Page;
use super::answer::answer;
use super::guests::{Asked, Guests};
use crate::net::{Acceptor, Stream};
use crate::tasks::{Board, Kind};

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
/// on a `LocalSet` or a local runtime. Panics of its connections count on `board`.
pub async fn serve(
    listener: Rc<Acceptor>,
    board: Board,
    page: impl Fn(&str) -> Option<Page> + Clone + 'static,
) {
    let mut guests = Guests::default();
    let mut is_failing = false;
    loop {
        let accepted = tokio::select! {
            panic = guests.ended() => {
                if panic.is_some() {
                    board.count_panic(Kind::MetricsPage);
                    tracing::error!("the answer to a scraper panicked");
                }
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, addr)) => {
                is_failing = false;
                guests.admit(addr.ip(), |asked| converse(stream, asked, page.clone()));
                // A request that came with the connection is answered before the next connection
                // may take its place.
                tokio::task::yield_now().await;
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

async fn converse(stream: Stream, asked: Asked, page: impl Fn(&str) -> Option<Page>) {
    let service = service_fn(|request| {
        asked.set();
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
