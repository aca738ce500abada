//! Requests that CLIENT PAUSE holds, and clients that go meanwhile: as at Redis, they are not run.

use std::io::Write;
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::support::*;

/// A client that sends INCR during a pause, and closes its side.
fn incr(addr: SocketAddr, closes: impl FnOnce(TcpStream)) {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.write_all(&encode(&["INCR", "n"])).unwrap();
    closes(stream);
}

fn clients(wire: &mut Wire) -> usize {
    wire.cmd(&["CLIENT", "LIST"]).str().lines().count()
}

fn wait_clients(wire: &mut Wire, wanted: usize) {
    eventually(PATIENCE, || match clients(wire) {
        count if count == wanted => Ok(()),
        count => Err(format!("{count} clients")),
    });
}

#[test]
fn writes_of_clients_that_have_gone_are_not_run() {
    for flavor in [Flavor::Redis70, Flavor::Valkey91] {
        let server = RedisServer::spawn(flavor);
        let proxy = ConfigBuilder::new(server.addr(), &[]).start();
        let mut wire = proxy.wire();
        for (round, mode) in [(1, "WRITE"), (2, "ALL")] {
            wire.cmd(&["CLIENT", "PAUSE", "3600000", mode]).ok();
            let mut half_closed = Vec::new();
            for _ in 0..10 {
                incr(proxy.addr(), drop);
                incr(proxy.addr(), |stream| {
                    stream.shutdown(Shutdown::Write).unwrap();
                    half_closed.push(stream);
                });
            }
            // A client that is accepted after the pause is not one of those that have gone.
            eventually(PATIENCE, || {
                let accepted = Scrape::of(&proxy).sum("tidegate_clients_accepted_total", &[]);
                if accepted >= f64::from(round * 20) + 1.0 {
                    Ok(())
                } else {
                    Err(accepted.to_string())
                }
            });
            wait_clients(&mut wire, 1);
            wire.cmd(&["CLIENT", "UNPAUSE"]).ok();
            assert!(wire.cmd(&["GET", "n"]).is_null(), "{flavor:?} {mode}");
        }
    }
}

#[test]
fn replies_that_are_owed_come_before_a_paused_client_goes() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let proxy = ConfigBuilder::new(server.addr(), &[]).start();
    let mut wire = proxy.wire();
    wire.cmd(&["CLIENT", "PAUSE", "3600000", "WRITE"]).ok();
    let mut stream = TcpStream::connect(proxy.addr()).unwrap();
    stream.write_all(&[encode(&["ECHO", "before"]), encode(&["INCR", "n"])].concat()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut got = String::new();
    std::io::Read::read_to_string(&mut stream, &mut got).unwrap();
    assert_eq!(got, "$6\r\nbefore\r\n");
    wire.cmd(&["CLIENT", "UNPAUSE"]).ok();
    assert!(wire.cmd(&["GET", "n"]).is_null());
}

#[test]
fn a_process_that_ends_refuses_what_a_pause_holds() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let mut proxy = ConfigBuilder::new(server.addr(), &[]).start();
    proxy.wire().cmd(&["CLIENT", "PAUSE", "3600000", "WRITE"]).ok();
    let mut wires: Vec<Wire> = (0..3).map(|_| proxy.wire()).collect();
    for wire in &mut wires {
        wire.send(&["ECHO", "before"]);
        wire.send(&["INCR", "n"]);
        wire.send(&["GET", "n"]);
        assert_eq!(wire.read_reply().str(), "before");
    }
    proxy.sigterm();
    for wire in &mut wires {
        assert!(wire.read_reply().err().starts_with("MASTERDOWN The proxy ends"));
        assert!(wire.read_reply().is_null(), "the GET behind it is answered");
    }
    assert!(server.cmd(&["GET", "n"]).is_null());
}
