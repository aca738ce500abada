//! A client that watches and takes nothing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ::tidegate::admin::{self, Feed, Seats};
use ::tidegate::config::HostPort;
use ::tidegate::net::Listener;
use ::tidegate::tasks::Board;

use super::door;
use crate::support::*;

/// An endpoint whose events are large, so that the system's buffers are full at once. Its thread
/// ends with the process.
fn endpoint() -> SocketAddr {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let listener = Listener::open(&HostPort::local(0), 1, None).unwrap().remove(0);
        sender.send(listener.local_addr().unwrap().ip().unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, async {
            let feed = Rc::new(Feed::new(Seats::default()));
            let watched = Rc::clone(&feed);
            let page = move |_: &str| Some(admin::Page::events(watched.watch("first")));
            let acceptor = Rc::new(listener.acceptor().unwrap());
            let large = "x".repeat(16 << 20);
            let tell = async {
                loop {
                    feed.send(&large);
                    tokio::time::sleep(Duration::from_millis(400)).await;
                }
            };
            tokio::select! {
                () = admin::serve(acceptor, Board::default(), door(), page) => {}
                () = tell => {}
            }
        });
    });
    receiver.recv().unwrap()
}

fn watch(addr: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    stream
}

/// It is closed after ten seconds, and another client gets its events all the time.
#[test]
fn a_client_that_takes_nothing_is_closed_and_delays_no_other() {
    let addr = endpoint();
    let (mut slow, mut fast) = (watch(addr), watch(addr));
    // A client that waited for the slow one would get nothing in all this time.
    let (begin, mut part, mut reads) = (Instant::now(), vec![0; 1 << 16], 0);
    while begin.elapsed() < Duration::from_secs(16) || reads < 50 {
        assert!(fast.read(&mut part).unwrap() > 0, "the fast client was closed");
        reads += 1;
    }
    // What the system keeps for the slow client ends with the connection.
    let mut kept = 0;
    while let Ok(length @ 1..) = slow.read(&mut part) {
        kept += length;
        assert!(kept < 64 << 20, "it is not closed");
    }
}
