//! The metrics endpoint, on the wire.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::thread;

use ::tidegate::admin;
use ::tidegate::config::HostPort;
use ::tidegate::net::Listener;
use ::tidegate::tasks::Board;
use tokio::sync::oneshot;

use super::door;
use crate::support::*;

/// The endpoint on a thread of its own.
struct Endpoint {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Endpoint {
    fn start(body: String) -> Self {
        let listener = Listener::open(&HostPort::local(0), 1, None).unwrap().remove(0);
        let addr = listener.local_addr().unwrap().ip().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let local = tokio::task::LocalSet::new();
            let page = move |_: &str| Some(admin::Page::metrics(body.clone()));
            local.block_on(&runtime, async {
                let acceptor = Rc::new(listener.acceptor().unwrap());
                tokio::select! {
                    () = admin::serve(acceptor, Board::default(), door(), page) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { addr, stop: Some(stop), thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// All that is answered to `request`, until the other side closes: head and body.
    fn ask(&self, request: &str) -> (String, String) {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let answer = rest(&mut stream);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        (head.to_ascii_lowercase(), body.to_owned())
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking(), "the endpoint panicked");
    }
}

fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset after the answer counts as its end.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn serves_metrics_and_nothing_else() {
    let text = "# HELP a b\na 1\n".repeat(20_000);
    let endpoint = Endpoint::start(text.clone());
    let (head, body) = endpoint.ask("GET /metrics?x=y HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    assert_eq!(body, text);

    let (head, body) = endpoint.ask("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(head.starts_with("http/1.1 200 ") && body.is_empty(), "{head}");
    assert!(head.contains(&format!("content-length: {}", text.len())), "{head}");

    for (request, status) in [
        ("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "405"),
        ("DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "405"),
        ("GET /metric HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("GET /metrics/ HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("POST /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "405"),
        ("POST /other HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("*1\r\n$4\r\nPING\r\n", "400"),
    ] {
        let (head, _) = endpoint.ask(request);
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{request:?}: {head}");
        assert_eq!(head.contains("allow: get, head"), status == "405", "{head}");
    }
    let (head, _) = endpoint.ask("GET /metrics HTTP/1.0\r\n\r\n");
    assert!(head.contains(" 200 "), "{head}");
}

#[test]
fn slow_and_endless_requests_are_cut_off() {
    let endpoint = Endpoint::start("x 1\n".to_owned());
    // Many more than it takes at a time: none of them finishes its request.
    let mut slow: Vec<TcpStream> = (0..300).map(|_| endpoint.connect()).collect();
    for stream in &mut slow {
        // Those that made room are closed already.
        let _ = stream.write_all(b"GET /metrics HTTP/1.1\r\nHost");
    }
    for _ in 0..5 {
        let (head, body) = endpoint.ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(head.contains(" 200 ") && body == "x 1\n", "{head}");
    }
    // The newest are served still: what made room were the oldest.
    let last = slow.last_mut().unwrap();
    last.write_all(b": x\r\n\r\n").unwrap();
    assert!(rest(last).contains(" 200 "), "the newest of the slow");
    assert!(rest(&mut slow[0]).is_empty(), "the oldest of the slow");
    drop(slow);

    let mut endless = endpoint.connect();
    endless.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
    // Far more than the kernel's own buffers take.
    let mut sent = 0;
    while sent < 64 << 20 && endless.write_all(&[b'x'; 4096]).is_ok() {
        sent += 4096;
    }
    assert!(sent < 64 << 20, "a head without end");
}

/// While 1,000 connections send nothing, the running proxy answers every page.
#[test]
fn silent_connections_starve_no_scraper() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let mut proxy = ConfigBuilder::new(server.addr(), &[]).start();
    let connect = |_| TcpStream::connect(proxy.metrics_addr()).unwrap();
    let silent: Vec<TcpStream> = (0..1_000).map(connect).collect();
    for path in ["/healthz", "/readyz", "/status", "/metrics", "/history", "/"].repeat(3) {
        assert_eq!(get(&proxy, path).status, 200, "{path}");
    }
    let page = Scrape::of(&proxy);
    let files = page.value("process_open_fds", &[]).unwrap();
    assert!(files < 300.0, "{files} descriptors are open");
    drop(silent);
    proxy.assert_alive();
}
