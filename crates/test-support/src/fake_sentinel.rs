//! A Sentinel that says what a test wants it to say.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::sentinel::group::MASTER;
use crate::wire::encode;

/// What it says about [`MASTER`]. It watches no other master.
#[derive(Clone, Debug)]
pub struct Statement {
    pub master: SocketAddr,
    pub epoch: u64,
    pub flags: String,
    pub replicas: Vec<SocketAddr>,
    pub sentinels: Vec<(String, SocketAddr)>,
}

#[derive(Debug)]
struct Shared {
    id: String,
    statement: Mutex<Statement>,
    subscribers: Mutex<Vec<TcpStream>>,
    stop: AtomicBool,
}

/// The Sentinel. Dropping it refuses connections.
#[derive(Debug)]
pub struct FakeSentinel {
    addr: SocketAddr,
    shared: Arc<Shared>,
}

impl FakeSentinel {
    /// With this id (`SENTINEL MYID`).
    pub fn start(id: &str, statement: Statement) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            id: id.to_owned(),
            statement: Mutex::new(statement),
            subscribers: Mutex::default(),
            stop: AtomicBool::default(),
        });
        thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    if shared.stop.load(SeqCst) {
                        return;
                    }
                    let shared = Arc::clone(&shared);
                    // A connection that ends is no failure.
                    thread::spawn(move || drop(serve(stream, &shared)));
                }
            }
        });
        Self { addr, shared }
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Says something else from now on.
    pub fn say(&self, statement: Statement) {
        *self.shared.statement.lock().unwrap() = statement;
    }

    /// How many connections have subscribed.
    pub fn subscribers(&self) -> usize {
        self.shared.subscribers.lock().unwrap().len()
    }

    /// Publishes a message to all that have subscribed.
    pub fn publish(&self, channel: &str, text: &str) {
        for stream in self.shared.subscribers.lock().unwrap().iter_mut() {
            drop(stream.write_all(&encode(&["message", channel, text])));
        }
    }
}

impl Drop for FakeSentinel {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        drop(TcpStream::connect(self.addr));
    }
}

fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut output = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    let mut is_subscribed = false;
    while !shared.stop.load(SeqCst) {
        let words = request(&mut input)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let name = words[0].to_uppercase();
        let statement = shared.statement.lock().unwrap().clone();
        let reply = match (name.as_str(), words.get(1).map(|it| it.to_uppercase()).as_deref()) {
            _ if words.iter().any(|it| it.eq_ignore_ascii_case("AUTH")) => {
                b"-WRONGPASS invalid username-password pair or user is disabled.\r\n".to_vec()
            }
            ("HELLO", _) => b"*2\r\n$6\r\nserver\r\n$5\r\nredis\r\n".to_vec(),
            ("SUBSCRIBE" | "PSUBSCRIBE", _) => {
                if !std::mem::replace(&mut is_subscribed, true) {
                    shared.subscribers.lock().unwrap().push(output.try_clone()?);
                }
                let confirm = |channel: &&str| encode(&[&name.to_lowercase(), *channel, "1"]);
                words[1..].iter().flat_map(confirm).collect()
            }
            ("PING", _) if is_subscribed => encode(&["pong", ""]),
            ("SENTINEL", Some("MYID")) => bulk(&shared.id),
            ("SENTINEL", Some("GET-MASTER-ADDR-BY-NAME")) if words[2] != MASTER => {
                b"*-1\r\n".to_vec()
            }
            ("SENTINEL", Some("MASTER" | "REPLICAS" | "SENTINELS")) if words[2] != MASTER => {
                b"-ERR No such master with that name\r\n".to_vec()
            }
            ("SENTINEL", Some("GET-MASTER-ADDR-BY-NAME")) => {
                let master = statement.master;
                encode(&[&*master.ip().to_string(), &*master.port().to_string()])
            }
            ("SENTINEL", Some("MASTER")) => {
                let epoch = statement.epoch.to_string();
                let more = [("config-epoch", &*epoch), ("quorum", "2")];
                fields(statement.master, "", &statement.flags, &more)
            }
            ("SENTINEL", Some("REPLICAS")) => {
                let replicas = statement.replicas.iter();
                list(replicas.map(|it| fields(*it, "", "slave", &[])).collect())
            }
            ("SENTINEL", Some("SENTINELS")) => {
                let others = statement.sentinels.iter();
                list(others.map(|(id, addr)| fields(*addr, id, "sentinel", &[])).collect())
            }
            _ => b"-ERR unknown command\r\n".to_vec(),
        };
        output.write_all(&reply)?;
    }
    Ok(())
}

/// The words of the next request.
fn request(input: &mut BufReader<TcpStream>) -> io::Result<Vec<String>> {
    let count = number(&line(input)?)?;
    (0..count)
        .map(|_| {
            let mut bytes = vec![0; number(&line(input)?)? + 2];
            input.read_exact(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes[..bytes.len() - 2]).into_owned())
        })
        .collect()
}

fn line(input: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

fn number(line: &str) -> io::Result<usize> {
    line.trim_start_matches(['*', '$']).parse().map_err(io::Error::other)
}

fn bulk(text: &str) -> Vec<u8> {
    format!("${}\r\n{text}\r\n", text.len()).into_bytes()
}

fn list(items: Vec<Vec<u8>>) -> Vec<u8> {
    [format!("*{}\r\n", items.len()).into_bytes(), items.concat()].concat()
}

fn fields(addr: SocketAddr, id: &str, flags: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let (ip, port) = (addr.ip().to_string(), addr.port().to_string());
    let own = [("ip", &*ip), ("port", &*port), ("runid", id), ("flags", flags)];
    let words: Vec<&str> =
        own.iter().chain(more).flat_map(|(name, value)| [*name, *value]).collect();
    encode(&words)
}
