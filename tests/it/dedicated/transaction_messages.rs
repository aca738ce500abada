//! Messages and unsubscriptions between MULTI and EXEC: the replies stay in step.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::support::*;

/// All bytes that come back for these requests, up to the reply to a last ECHO.
fn bytes(addr: SocketAddr, requests: &[&[&str]]) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for request in requests {
        stream.write_all(&encode(request)).unwrap();
    }
    stream.write_all(&encode(&["ECHO", "the end"])).unwrap();
    let (mut got, mut part) = (Vec::new(), [0; 4096]);
    while !got.ends_with(b"the end\r\n") {
        let len = stream.read(&mut part).unwrap();
        assert!(len > 0, "closed after {:?}", String::from_utf8_lossy(&got));
        got.extend_from_slice(&part[..len]);
    }
    String::from_utf8(got).unwrap()
}

/// Before Redis 8 the message stands among the elements of EXEC's reply, and is none of them.
#[test]
fn a_message_among_the_elements_of_exec_is_no_element() {
    for flavor in Flavor::ALL {
        let server = RedisServer::spawn(flavor);
        let proxy = ConfigBuilder::new(server.addr(), &[]).start();
        let of = |addr, channel| {
            let all = bytes(
                addr,
                &[
                    &["HELLO", "3", "SETNAME", "me"],
                    &["SUBSCRIBE", channel],
                    &["MULTI"],
                    &["PUBLISH", channel, "x"],
                    &["SET", "k", "v"],
                    &["CLIENT", "GETNAME"],
                    &["EXEC"],
                    &["GET", "k"],
                ],
            );
            // The replies to HELLO differ.
            all[all.find("subscribe").unwrap()..].replace(channel, "CHANNEL")
        };
        assert_eq!(of(proxy.addr(), "one"), of(server.addr(), "two"), "{flavor:?}");
    }
}

/// A server answers a queued UNSUBSCRIBE with one element for each name, which breaks the count.
#[test]
fn an_unsubscription_cannot_be_queued() {
    for flavor in Flavor::ALL {
        let server = RedisServer::spawn(flavor);
        let proxy = ConfigBuilder::new(server.addr(), &[]).start();
        server.cmd(&["SET", "secret", "A-data"]).ok();
        for name in ["UNSUBSCRIBE", "PUNSUBSCRIBE"] {
            for args in [&[name][..], &[name, "a"], &[name, "a", "b"]] {
                for version in ["2", "3"] {
                    let mut wire = proxy.wire();
                    wire.cmd(&["HELLO", version]);
                    let replies = wire.pipeline(&[&["MULTI"], args, &["GET", "secret"], &["EXEC"]]);
                    let error = replies[1].err();
                    assert!(error.contains("not possible in a transaction"), "{error}");
                    assert!(replies[3].err().starts_with("EXECABORT"), "{replies:?}");
                    let mut other = proxy.wire();
                    let replies =
                        other.pipeline(&[&["MULTI"], &["ECHO", "B"], &["EXEC"], &["ECHO", "C"]]);
                    assert_eq!(replies[2].array()[0].str(), "B", "{flavor:?} {args:?}");
                    assert_eq!(replies[3].str(), "C", "{flavor:?} {args:?}");
                }
            }
        }
    }
}
