//! Listening sockets that another process has opened and passes on, as a systemd socket unit does.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::process::Process;
use crate::support::*;

/// Passes its standard input on as descriptor 3.
const PASS: &str = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$0\" \"$@\"";

/// Starts the proxy with this text and this socket.
fn start(dir: &TempDir, toml: &str, socket: impl Into<OwnedFd>) -> Process {
    let config = dir.path().join("proxy.toml");
    fs::write(&config, toml).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", PASS, env!("CARGO_BIN_EXE_tidegate"), "--config"]).arg(&config);
    let log = dir.path().join("tidegate.log");
    Process::start_with_stdin(command.current_dir(dir.path()), &log, Stdio::from(socket.into()))
}

fn toml(server: &RedisServer, listen: &str) -> String {
    format!(
        "[proxy]\nlisten = {listen}\nworkers = 2\n[metrics]\nlisten = \"\"\n[topology]\n\
         master = \"{}\"\nreplicas = []\n",
        server.addr()
    )
}

#[track_caller]
fn wait_for(process: &Process, text: &str) {
    eventually(PATIENCE, || {
        let log = process.log();
        if log.contains(text) { Ok(()) } else { Err(log) }
    });
}

/// Clients that connect while no proxy runs, or while one ends, wait for the next one.
#[test]
fn a_restart_refuses_no_connection() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let toml = toml(&server, &format!("[\"{addr}\", \"127.0.0.1:0\"]"));
    let mut proxy = start(&dir, &toml, listener.try_clone().unwrap());
    wait_for(&proxy, &format!("listening on {addr}, inherited"));
    Wire::connect(addr).cmd(&["SET", "k", "v"]).ok();

    // A request that takes a while keeps the first proxy draining.
    let mut slow = Wire::connect(addr);
    slow.send(&["EVAL", "local t = 0; for i = 1, 50000000 do t = t + i end; return 1", "0"]);
    eventually(PATIENCE, || {
        let calls = server.calls("eval");
        if calls > 0 || is_busy(&server) { Ok(()) } else { Err("no EVAL yet".to_owned()) }
    });
    proxy.signal("TERM");
    wait_for(&proxy, "draining");
    let waiting: Vec<_> = (0..20).map(|_| ask(addr)).collect();
    assert_eq!(slow.read_reply().int(), 1, "what was under way is answered");
    assert_eq!(proxy.wait_exit(PATIENCE).unwrap().code(), Some(0), "{}", proxy.log());
    let more: Vec<_> = (0..20).map(|_| ask(addr)).collect();

    let mut next = start(&dir, &toml, listener);
    for client in waiting.into_iter().chain(more) {
        let reply = client.join().unwrap();
        assert_eq!(reply.unwrap(), Reply::Bulk(b"v".to_vec()), "{}", next.log());
    }
    next.kill();
}

/// Whether the server is executing a script.
fn is_busy(server: &RedisServer) -> bool {
    let Ok(mut wire) = Wire::try_connect(server.addr()) else { return false };
    wire.set_timeout(Duration::from_millis(50));
    wire.try_cmd(&["PING"]).is_err()
}

/// A client that connects now and waits for its reply.
fn ask(addr: SocketAddr) -> thread::JoinHandle<std::io::Result<Reply>> {
    let wire = Wire::try_connect(addr);
    thread::spawn(move || {
        let mut wire = wire?;
        wire.set_timeout(PATIENCE);
        wire.try_cmd(&["GET", "k"])
    })
}

#[test]
fn a_unix_socket_is_used_and_its_file_stays() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let toml = toml(&server, &format!("[\"unix:{}\"]", path.display()));
    let mut proxy = start(&dir, &toml, listener);
    wait_for(&proxy, ", inherited");
    UnixStream::connect(&path).unwrap();
    proxy.signal("TERM");
    assert_eq!(proxy.wait_exit(PATIENCE).unwrap().code(), Some(0), "{}", proxy.log());
    assert!(path.exists(), "it belongs to the process that made it");
}

#[test]
fn a_socket_that_no_key_names_is_an_error() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let mut proxy = start(&dir, &toml(&server, "[\"127.0.0.1:0\"]"), listener);
    let status = proxy.wait_exit(PATIENCE).unwrap();
    assert_eq!(status.code(), Some(1), "{}", proxy.log());
    let why = format!("the inherited socket listens on {addr}, which proxy.listen");
    assert!(proxy.log().contains(&why), "{}", proxy.log());
}

#[test]
fn what_is_no_listening_socket_is_an_error() {
    let server = RedisServer::spawn(Flavor::Redis70);
    let dir = tempfile::tempdir().unwrap();
    let connection = TcpStream::connect(server.addr()).unwrap();
    let mut proxy = start(&dir, &toml(&server, "[\"127.0.0.1:0\"]"), connection);
    assert_eq!(proxy.wait_exit(PATIENCE).unwrap().code(), Some(1), "{}", proxy.log());
    assert!(proxy.log().contains("descriptor 3 is no listening TCP or Unix socket"));
}
