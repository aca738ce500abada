//! A relay whose faults depend on where a connection comes from: one server, cut off from some of
//! its peers and not from others.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, JoinHandle};

use crate::fault::FaultProxy;

/// The connections from a set of addresses.
#[derive(Debug)]
pub struct Line {
    sources: Vec<IpAddr>,
    faults: FaultProxy,
    refuses: AtomicBool,
}

impl Line {
    /// The faults of these connections. Use [`Self::cut`] and [`Self::heal`] of the line instead of
    /// its own, because a line does not listen.
    pub fn faults(&self) -> &FaultProxy {
        &self.faults
    }

    /// Closes all connections and refuses new ones.
    pub fn cut(&self) {
        self.refuses.store(true, SeqCst);
        self.faults.close_all();
    }

    pub fn heal(&self) {
        self.refuses.store(false, SeqCst);
        self.faults.heal();
    }
}

/// The relay. Dropping it ends its connections and threads.
#[derive(Debug)]
pub struct SourceRelay {
    port: u16,
    lines: Arc<Vec<Line>>,
    stop: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl SourceRelay {
    /// One line for each set of addresses. The first line also gets all other connections.
    pub fn start(upstream: SocketAddr, sources: &[Vec<IpAddr>], seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, crate::ports::free_port()))?;
        let port = listener.local_addr()?.port();
        let line = |(n, sources): (usize, &Vec<IpAddr>)| Line {
            sources: sources.clone(),
            faults: FaultProxy::detached(upstream, seed.wrapping_add(n as u64)),
            refuses: AtomicBool::new(false),
        };
        let lines = Arc::new(sources.iter().enumerate().map(line).collect::<Vec<_>>());
        let stop = Arc::new(AtomicBool::new(false));
        let acceptor = thread::spawn({
            let (lines, stop) = (Arc::clone(&lines), Arc::clone(&stop));
            move || accept_all(&listener, &lines, &stop)
        });
        Ok(Self { port, lines, stop, acceptor: Some(acceptor) })
    }

    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The lines, for a thread of their own.
    pub fn shared_lines(&self) -> Arc<Vec<Line>> {
        Arc::clone(&self.lines)
    }
}

impl Drop for SourceRelay {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
        // Wakes the acceptor.
        let _ = TcpStream::connect(self.addr());
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn accept_all(listener: &TcpListener, lines: &[Line], stop: &AtomicBool) {
    while let Ok((client, from)) = listener.accept() {
        if stop.load(SeqCst) {
            return;
        }
        let line =
            lines.iter().find(|it| it.sources.contains(&from.ip())).or_else(|| lines.first());
        if let Some(line) = line.filter(|it| !it.refuses.load(SeqCst)) {
            line.faults.accept(client);
        }
    }
}
