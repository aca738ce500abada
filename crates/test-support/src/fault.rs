//! A TCP proxy that misbehaves on command: slow, cut, silent, in crumbs.
//!
//! Each direction of a connection has a short bounded queue (`relay`): a delay holds bytes back without narrowing the stream, and a slow or silent side
//! pushes back on the other as a real network does. Random choices come from a seed.

mod relay;
mod state;

pub use self::state::Direction;

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

use self::relay::join;
use self::state::{Shared, TICK};
use crate::ports::free_port;

/// The proxy. Dropping it ends its connections and threads.
#[derive(Debug)]
pub struct FaultProxy {
    shared: Arc<Shared>,
    port: u16,
    acceptor: Option<JoinHandle<()>>,
}

impl FaultProxy {
    pub fn start(upstream: SocketAddr) -> Self {
        Self::start_seeded(upstream, fastrand::u64(..))
    }

    /// The same sizes of crumbs for the same seed, connection by connection.
    pub fn start_seeded(upstream: SocketAddr, seed: u64) -> Self {
        let (listener, port) = loop {
            let port = free_port();
            if let Ok(listener) = listen(port) {
                break (listener, port);
            }
        };
        let shared = Arc::new(shared(upstream, seed, Some(listener)));
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept_all(&shared)
        });
        Self { shared, port, acceptor: Some(acceptor) }
    }

    /// One that does not listen: its connections are accepted elsewhere.
    pub(crate) fn detached(upstream: SocketAddr, seed: u64) -> Self {
        Self { shared: Arc::new(shared(upstream, seed, None)), port: 0, acceptor: None }
    }

    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    pub fn seed(&self) -> u64 {
        self.shared.seed
    }

    /// Where connections accepted from now on lead.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        *self.shared.upstream.lock().unwrap() = upstream;
    }

    /// Holds all bytes back for this long, each way: a round trip takes twice as much.
    pub fn set_delay(&self, delay: Duration) {
        Direction::BOTH.iter().for_each(|&direction| self.set_delay_of(direction, delay));
    }

    pub fn set_delay_of(&self, direction: Direction, delay: Duration) {
        let micros = u64::try_from(delay.as_micros()).unwrap();
        self.shared.controls(direction).delay_us.store(micros, SeqCst);
    }

    /// Bytes per second, per connection and direction; 0 lifts the limit.
    pub fn set_rate(&self, bytes_per_second: u64) {
        Direction::BOTH.iter().for_each(|&direction| self.set_rate_of(direction, bytes_per_second));
    }

    pub fn set_rate_of(&self, direction: Direction, bytes_per_second: u64) {
        self.shared.controls(direction).rate.store(bytes_per_second, SeqCst);
    }

    /// Forwards in crumbs of 1 to `max_chunk` random bytes with a short pause between; 0 ends it.
    pub fn split(&self, max_chunk: usize) {
        for controls in &self.shared.controls {
            controls.max_chunk.store(max_chunk, SeqCst);
        }
    }

    /// Keeps and accepts connections but forwards nothing, until [`Self::heal`]: then what was
    /// held back goes through, as after a lost route.
    pub fn blackhole(&self) {
        Direction::BOTH.iter().for_each(|&direction| self.blackhole_of(direction));
    }

    pub fn blackhole_of(&self, direction: Direction) {
        self.shared.controls(direction).silent.store(true, SeqCst);
    }

    /// Closes all connections after `bytes` more in this direction: frames and snapshots end in
    /// their midst. Once, for all connections together; connecting stays possible.
    pub fn cut_after(&self, direction: Direction, bytes: u64) {
        let budget = i64::try_from(bytes).unwrap();
        self.shared.controls(direction).budget.store(budget, SeqCst);
    }

    /// Closes all connections (FIN) and refuses new ones.
    pub fn cut(&self) {
        if let Some(listener) = self.shared.listener.lock().unwrap().take() {
            // A child that was just forked may hold it open, too, until it runs its program.
            let _ = SockRef::from(&listener).shutdown(Shutdown::Both);
        }
        self.close_all();
    }

    /// Closes all connections (FIN); new ones are welcome.
    pub fn close_all(&self) {
        end_all(&self.shared, false);
    }

    /// Resets all connections (RST); new ones are welcome.
    pub fn reset_all(&self) {
        end_all(&self.shared, true);
    }

    /// Ends every fault: no delay, no limits, not silent, connecting possible.
    pub fn heal(&self) {
        for controls in &self.shared.controls {
            controls.delay_us.store(0, SeqCst);
            controls.rate.store(0, SeqCst);
            controls.max_chunk.store(0, SeqCst);
            controls.budget.store(-1, SeqCst);
            controls.silent.store(false, SeqCst);
        }
        let mut listener = self.shared.listener.lock().unwrap();
        if listener.is_none() && self.acceptor.is_some() {
            *listener = Some(listen(self.port).expect("its own port again"));
        }
    }

    /// Joins a client that was accepted elsewhere to the server.
    pub(crate) fn accept(&self, client: TcpStream) {
        accept(&self.shared, client);
    }

    /// Connections accepted since the start.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(SeqCst)
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        let connections = self.shared.connections.lock().unwrap();
        connections.iter().filter(|connection| !connection.has_ended()).count()
    }

    /// Bytes forwarded since the start.
    pub fn forwarded(&self, direction: Direction) -> u64 {
        self.shared.controls(direction).forwarded.load(SeqCst)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        self.cut();
    }
}

fn shared(upstream: SocketAddr, seed: u64, listener: Option<TcpListener>) -> Shared {
    Shared {
        upstream: Mutex::new(upstream),
        seed,
        controls: Default::default(),
        listener: Mutex::new(listener),
        connections: Mutex::default(),
        accepted: AtomicU64::default(),
        stop: AtomicBool::default(),
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(1024)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn accept_all(shared: &Arc<Shared>) {
    while !shared.stop.load(SeqCst) {
        // Under the lock to the end: once `cut` has it, no connection slips in behind its back.
        let listener = shared.listener.lock().unwrap();
        let accepted = listener.as_ref().map(TcpListener::accept);
        if let Some(Ok((client, _))) = accepted {
            accept(shared, client);
            continue;
        }
        drop(listener);
        thread::sleep(TICK);
    }
}

/// Joins a client to the server. A dead server looks to it like a connection closed at once.
fn accept(shared: &Arc<Shared>, client: TcpStream) {
    shared.accepted.fetch_add(1, SeqCst);
    if let Ok(server) = connect_upstream(shared, &client) {
        let mut connections = shared.connections.lock().unwrap();
        connections.retain(|connection| !connection.has_ended());
        // Under the lock: `cut_after` finds every connection that has threads.
        connections.push(join(shared, client, server));
    }
}

fn connect_upstream(shared: &Shared, client: &TcpStream) -> io::Result<TcpStream> {
    let upstream = *shared.upstream.lock().unwrap();
    let server = TcpStream::connect_timeout(&upstream, Duration::from_secs(2))?;
    for stream in [client, &server] {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(TICK * 10))?;
    }
    Ok(server)
}

/// Ends every connection and waits for its threads, so that the sockets are closed on return.
fn end_all(shared: &Shared, reset: bool) {
    let connections = std::mem::take(&mut *shared.connections.lock().unwrap());
    for connection in &connections {
        connection.over.store(true, SeqCst);
        for stream in [&connection.client, &connection.server] {
            if reset {
                let _ = SockRef::from(&**stream).set_linger(Some(Duration::ZERO));
            }
            // Wakes the reading thread and, unlike Both, tells the peer nothing yet.
            let _ = stream.shutdown(if reset { Shutdown::Read } else { Shutdown::Both });
        }
    }
    for connection in connections {
        for thread in connection.threads {
            let _ = thread.join();
        }
        // The last handles go here, and with them the RST if there is to be one.
    }
}
