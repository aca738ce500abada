//! The relay that tells connections apart by their source address.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tidegate_test_support::SourceRelay;

/// A server that sends back what it gets.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut bytes = [0; 64];
                while let Ok(len @ 1..) = stream.read(&mut bytes) {
                    let _ = stream.write_all(&bytes[..len]);
                }
            });
        }
    });
    addr
}

fn connect_from(source: &str, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(source.parse().unwrap(), 0).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    TcpStream::from(socket)
}

/// Whether what is sent comes back; `None` while there is no answer.
fn answers(stream: &mut TcpStream) -> Option<bool> {
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let sent = stream.write_all(b"x");
    let mut byte = [0];
    match stream.read(&mut byte) {
        Ok(1) => Some(true),
        Err(error) if sent.is_ok() && tidegate_test_support::wire::is_timeout(&error) => None,
        _ => Some(false),
    }
}

#[test]
fn a_fault_meets_the_connections_of_its_line_only() {
    let sources = |text: &str| vec![text.parse::<IpAddr>().unwrap()];
    let lines = [Vec::new(), sources("127.0.1.1"), sources("127.0.1.2")];
    let relay = SourceRelay::start(echo(), &lines, 1).unwrap();
    let [mut any, mut first, mut second] =
        ["127.0.0.1", "127.0.1.1", "127.0.1.2"].map(|it| connect_from(it, relay.addr()));
    for stream in [&mut any, &mut first, &mut second] {
        assert_eq!(answers(stream), Some(true));
    }
    relay.lines()[1].faults().blackhole();
    assert_eq!(answers(&mut first), None);
    assert_eq!(answers(&mut second), Some(true));
    assert_eq!(answers(&mut any), Some(true));
    relay.lines()[1].heal();
    relay.lines()[2].cut();
    assert_eq!(answers(&mut second), Some(false));
    assert_eq!(answers(&mut connect_from("127.0.1.2", relay.addr())), Some(false));
    assert_eq!(answers(&mut any), Some(true));
    relay.lines()[2].heal();
    assert_eq!(answers(&mut connect_from("127.0.1.2", relay.addr())), Some(true));
}
