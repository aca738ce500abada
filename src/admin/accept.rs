//! Accepts HTTP connections and serves each for a bounded time. A new connection never waits: if
//! there are too many, an older one is closed.

use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use hyper::header::AUTHORIZATION;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::sleep;

use super::Page;
use super::answer::{answer, unauthorized};
use super::connections::{Connections, HasAsked};
use super::door::Door;
use super::life::Life;
use crate::net::{Acceptor, Stream};
use crate::tasks::{Board, Kind};

/// How long a client may take to send the head of its request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest head of a request, in bytes.
const HEAD_MAX: usize = 16 * 1024;
/// The pause after an accept that failed, for example because the process has no free descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the pages that `page` returns for their paths, until the process ends. Spawns local
/// tasks, so it needs a `LocalSet` or a local runtime. `board` counts the panics of its
/// connections, and `door` says to whom pages are shown.
pub async fn serve(
    listener: Rc<Acceptor>,
    board: Board,
    door: Door,
    page: impl Fn(&str) -> Option<Page> + Clone + 'static,
) {
    let mut connections = Connections::default();
    let mut is_failing = false;
    loop {
        let accepted = tokio::select! {
            panic = connections.ended() => {
                if panic.is_some() {
                    board.count_panic(Kind::MetricsPage);
                    tracing::error!("the task of an HTTP connection panicked");
                }
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, addr)) => {
                is_failing = false;
                connections.admit(addr.host(), |has_asked| {
                    serve_one(stream, has_asked, door.clone(), page.clone())
                });
                // A request that came with the connection is answered before a new connection may
                // close this one.
                tokio::task::yield_now().await;
            }
            Err(error) => {
                if !std::mem::replace(&mut is_failing, true) {
                    tracing::warn!("cannot accept HTTP connections: {error}");
                }
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_one(
    stream: Stream,
    has_asked: HasAsked,
    door: Door,
    page: impl Fn(&str) -> Option<Page>,
) {
    let stream = match door.tls() {
        None => stream,
        Some(tls) => match stream.encrypted(&tls).await {
            Ok(stream) => stream,
            Err(error) => return tracing::debug!("HTTPS connection: {error}"),
        },
    };
    let life = Rc::new(Life::begin());
    let service = service_fn(|request| {
        has_asked.set();
        let path = request.uri().path();
        let response = if door.admits(path, request.headers().get(AUTHORIZATION)) {
            answer(request.method(), path, &page, &life)
        } else {
            unauthorized()
        };
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .keep_alive(false)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    // A client that disconnects or sends invalid HTTP affects no other client.
    tokio::select! {
        outcome = connection => if let Err(error) = outcome {
            tracing::debug!("HTTP connection: {error}");
        },
        () = life.over() => tracing::debug!("HTTP connection: closed, it lasts too long"),
    }
}
