//! SCAN and acknowledged writes where servers cannot be told apart by their run ids: each is right
//! or an error, and no iteration goes on for ever.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use crate::support::*;

const KEYS: usize = 3_000;
const FIELD: &[u8] = b"run_id:";
const RUN_ID: usize = 40;

/// What becomes of a server's run id.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// It is the same one everywhere.
    Same,
    /// It is not told.
    Hidden,
}

/// A relay in front of a server that changes the run id in its answers.
struct Relay {
    addr: SocketAddr,
    stop: Arc<AtomicBool>,
}

impl Relay {
    fn start(upstream: SocketAddr, change: Change) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if stopped.load(SeqCst) {
                    return;
                }
                let Ok(server) = TcpStream::connect(upstream) else { continue };
                let (up, down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || relay(up, server, |_| {}));
                thread::spawn(move || relay(down, client, |bytes| edit(bytes, change)));
            }
        });
        Self { addr, stop }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
        drop(TcpStream::connect(self.addr));
    }
}

fn relay(mut from: TcpStream, mut to: TcpStream, edit: impl Fn(&mut [u8])) {
    let mut chunk = vec![0; 64 * 1024];
    let mut len = 0;
    while let Ok(read @ 1..) = from.read(&mut chunk[len..]) {
        len += read;
        let at = chunk[..len].windows(FIELD.len()).rposition(|part| part == FIELD);
        if at.is_some_and(|at| len < at + FIELD.len() + RUN_ID) {
            continue;
        }
        edit(&mut chunk[..len]);
        if to.write_all(&chunk[..len]).is_err() {
            break;
        }
        len = 0;
    }
    to.shutdown(std::net::Shutdown::Both).ok();
}

fn edit(bytes: &mut [u8], change: Change) {
    let places: Vec<usize> = bytes
        .windows(FIELD.len())
        .enumerate()
        .filter_map(|(at, part)| (part == FIELD).then_some(at))
        .collect();
    for at in places {
        match change {
            Change::Same => bytes[at + FIELD.len()..][..RUN_ID].fill(b'a'),
            Change::Hidden => bytes[at..at + 3].fill(b'x'),
        }
    }
}

struct Setting {
    trio: Trio,
    proxy: Tidegate,
    _relays: Vec<Relay>,
}

impl Setting {
    #[track_caller]
    fn start(change: Change, with: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let trio = Trio::spawn(Flavor::Redis70);
        let mut wire = trio.master.wire();
        let sets: Vec<u8> =
            (0..KEYS).flat_map(|n| encode(&["SET", &format!("key:{n}"), "v"])).collect();
        wire.send_raw(&sets);
        (0..KEYS).for_each(|_| wire.read_reply().ok());
        trio.wait_synced();
        let [one, two] = trio.replica_addrs();
        let relays: Vec<Relay> =
            [trio.master.addr(), one, two].map(|addr| Relay::start(addr, change)).into();
        let config = ConfigBuilder::new(relays[0].addr, &[relays[1].addr, relays[2].addr]);
        let proxy = with(config.set("admin", "commands", "\"master\"")).start();
        wait_read_fresh(&mut proxy.wire(), "k");
        Self { trio, proxy, _relays: relays }
    }
}

#[track_caller]
fn iterate(wires: &mut [Wire], words: &[&str]) -> BTreeSet<String> {
    let (mut cursor, mut all) = ("0".to_owned(), BTreeSet::new());
    for turn in 0..KEYS {
        let args: Vec<&str> = words.iter().map(|w| if *w == "@" { &cursor } else { *w }).collect();
        let count = wires.len();
        let reply = wires[turn % count].cmd(&args);
        all.extend(reply.array()[1].strings());
        reply.array()[0].str().clone_into(&mut cursor);
        if cursor == "0" {
            return all;
        }
    }
    panic!("the iteration has no end; {} elements", all.len());
}

fn iterations_end(change: Change) {
    for from in ["replica", "any"] {
        let setting = Setting::start(change, |config| config.reads_from(from));
        let mut wires: Vec<Wire> = (0..4).map(|_| setting.proxy.wire()).collect();
        for _ in 0..3 {
            let keys = iterate(&mut wires, &["SCAN", "@", "COUNT", "100"]);
            assert_eq!(keys.len(), KEYS, "{change:?}, {from}");
        }
        let members: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
        let mut add = vec!["SADD", "set"];
        add.extend(members.iter().map(String::as_str));
        assert_eq!(wires[0].cmd(&add).int(), 1000);
        setting.trio.wait_synced();
        assert_eq!(iterate(&mut wires, &["SSCAN", "set", "@", "COUNT", "50"]).len(), 1000);
    }
}

#[test]
fn iterations_end_although_all_servers_have_the_same_run_id() {
    iterations_end(Change::Same);
}

#[test]
fn iterations_end_although_no_server_reports_its_run_id() {
    iterations_end(Change::Hidden);
}

#[test]
fn a_write_is_not_acknowledged_by_a_process_without_a_name() {
    let setting = Setting::start(Change::Hidden, |config| {
        config.set("writes", "wait-replicas", "1").set("writes", "wait-timeout", "\"10s\"")
    });
    let reply = setting.proxy.wire().cmd(&["SET", "k", "v"]);
    assert!(reply.err().starts_with("NOACK ") && reply.err().contains("run id"), "{reply:?}");
}
