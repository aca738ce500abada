//! A client without its socket: bytes go in, replies come out.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::runtime::{Builder, LocalOptions};
use tokio::time::Instant;

use super::ending::Ending;
use super::reading::requests;
use super::state::client::Client;
use super::state::progress::Waiting;
use crate::config::Config;
use crate::registry::Closing;
use crate::tasks::{Board, Kind};
use crate::telemetry::Exporter;
use crate::topology::{Shard, Topology};
use crate::worker::{Shared, Worker};
use tidegate_wire::resp::encode;

/// A client of a proxy with this configuration that knows no server.
fn client(config: &str) -> Client {
    let config = format!("[topology]\nmaster = \"127.0.0.1:1\"\n{config}");
    let config = Config::parse(&config, "").expect("it is right");
    let epoch = Instant::now();
    let tasks = Board::new(epoch);
    let record = tasks.record(Kind::Worker, "worker-0");
    let topology = Arc::new(ArcSwap::from_pointee(Topology::of(Shard::default())));
    let config = Arc::new(ArcSwap::from_pointee(config));
    let metrics = Exporter::default().metrics();
    let shared = Shared::new(config, topology, None, (tasks, epoch), metrics);
    let addr = SocketAddr::from(([127, 0, 0, 1], 6379));
    let entry = shared.registry.admit(addr, addr, 10, 0).expect("there is room");
    Client::new(Rc::new(Worker::new(Arc::new(shared), record)), entry, None)
}

/// Runs `test` where tasks may be started.
fn run(test: impl FnOnce()) {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().build_local(LocalOptions::default());
    runtime.expect("a runtime").block_on(async { test() });
}

/// The replies to these bytes.
fn send(client: &mut Client, bytes: &[u8]) -> String {
    let used = requests::consume(client, bytes);
    let replies = client.inbox.replies().take_ready();
    assert!(used == bytes.len() || client.ending().is_some(), "{used} of {}", bytes.len());
    String::from_utf8(replies).expect("text")
}

/// The replies to requests, each a line of words.
fn ask(client: &mut Client, lines: &[&str]) -> String {
    let mut bytes = Vec::new();
    for line in lines {
        let words: Vec<_> = line.split(' ').collect();
        encode::request(&mut bytes, words.iter());
    }
    send(client, &bytes)
}

const NO_MASTER: &str =
    "-MASTERDOWN The proxy knows no server that is a master; the request was not sent\r\n";

const NO_READER: &str =
    "-MASTERDOWN No server can serve reads at the moment; the request was not sent\r\n";

#[test]
fn replies_are_in_the_order_of_the_requests() {
    run(|| {
        let mut client = client("");
        let replies = ask(&mut client, &["PING", "SET k v", "ECHO a", "GET k", "PING b"]);
        assert_eq!(replies, format!("+PONG\r\n{NO_MASTER}$1\r\na\r\n{NO_READER}$1\r\nb\r\n"));
        assert!(client.is_answered() && client.is_through());
    });
}

#[test]
fn a_request_in_pieces_is_answered_once_it_is_whole() {
    run(|| {
        let mut client = client("");
        let frame = encode::request_of(&[b"ECHO", b"abc"]);
        for end in 1..frame.len() {
            assert_eq!(requests::consume(&mut client, &frame[..end]), 0, "{end}");
            assert_eq!(client.reading.waiting(), Waiting::Nothing);
        }
        assert_eq!(send(&mut client, &frame), "$3\r\nabc\r\n");
        assert_eq!(send(&mut client, b"ECHO inline\r\n"), "$6\r\ninline\r\n");
    });
}

#[test]
fn bytes_that_are_no_request_end_the_connection_behind_their_error() {
    run(|| {
        let mut client = client("");
        let mut bytes = encode::request_of(&[b"PING"]);
        bytes.extend_from_slice(b"*x\r\n");
        let replies = send(&mut client, &bytes);
        assert_eq!(replies, "+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n");
        assert_eq!(client.ending(), Some(Ending::AfterReplies));
        assert!(!client.takes_requests());
    });
}

#[test]
fn the_faster_ending_wins() {
    run(|| {
        let mut client = client("");
        client.end(Ending::AfterRequests);
        assert!(client.takes_requests(), "what the client has sent is answered");
        client.close(Closing::Http, Ending::Now, "closed");
        client.end(Ending::AfterReplies);
        assert_eq!(client.ending(), Some(Ending::Now));
    });
}

#[test]
fn a_client_logs_in_before_anything_else() {
    run(|| {
        let mut client = client("[proxy]\nrequirepass = \"secret\"\n");
        let noauth = "-NOAUTH Authentication required.\r\n";
        assert_eq!(ask(&mut client, &["GET k", "PING"]), noauth.repeat(2));
        assert!(ask(&mut client, &["AUTH wrong"]).starts_with("-WRONGPASS "));
        assert_eq!(ask(&mut client, &["AUTH secret", "PING"]), "+OK\r\n+PONG\r\n");
        assert_eq!(ask(&mut client, &["RESET", "PING"]), format!("+RESET\r\n{noauth}"));
    });
}

#[test]
fn replies_that_the_client_does_not_want_are_left_out() {
    run(|| {
        let mut client = client("");
        let lines = ["PING 1", "CLIENT REPLY SKIP", "PING 2", "PING 3"];
        assert_eq!(ask(&mut client, &lines), "$1\r\n1\r\n$1\r\n3\r\n");
        let lines = ["CLIENT REPLY OFF", "PING 4", "SET k v", "CLIENT REPLY ON", "PING 5"];
        assert_eq!(ask(&mut client, &lines), "+OK\r\n$1\r\n5\r\n");
    });
}

#[test]
fn a_transaction_without_a_master_is_lost_and_leaves_nothing_behind() {
    run(|| {
        let mut client = client("");
        let replies = ask(&mut client, &["MULTI", "SET k v", "EXEC", "PING"]);
        assert!(replies.starts_with(NO_MASTER), "{replies}");
        assert!(replies.contains("-EXECABORT "), "{replies}");
        assert!(replies.ends_with("+PONG\r\n"), "{replies}");
        assert!(!client.session.needs_dedicated_connection() && !client.dedicated.exists());
        assert_eq!(ask(&mut client, &["EXEC"]), "-ERR EXEC without MULTI\r\n");
    });
}

#[test]
fn nothing_that_needs_a_server_changes_the_session_without_one() {
    run(|| {
        let mut client = client("");
        for line in ["SUBSCRIBE a", "MONITOR", "SELECT 5", "BLPOP k 0", "WAIT 1 0", "SCAN 0"] {
            let reply = ask(&mut client, &[line]);
            assert!([NO_MASTER, NO_READER].contains(&&*reply), "{line}: {reply}");
            assert!(!client.session.is_streaming() && client.session.db == 0, "{line}");
            assert!(client.settle() && !client.dedicated.is_blocked(), "{line}");
        }
    });
}

#[test]
fn what_a_client_says_is_what_client_list_shows() {
    run(|| {
        let mut client = client("");
        ask(&mut client, &["CLIENT SETNAME me", "HELLO 3"]);
        let list = ask(&mut client, &["CLIENT LIST"]);
        for field in ["name=me ", "resp=3", "cmd=client|list ", "db=0 "] {
            assert!(list.contains(field), "{field} in {list}");
        }
    });
}

#[test]
fn a_client_that_goes_is_forgotten() {
    run(|| {
        let client = client("");
        let shared = Arc::clone(&client.worker.shared);
        assert_eq!(shared.registry.len(), 1);
        drop(client);
        assert_eq!(shared.registry.len(), 0);
    });
}
