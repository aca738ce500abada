//! What the threads of the misbehaving proxy share.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How soon threads notice a changed control.
pub(super) const TICK: Duration = Duration::from_millis(2);

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    ToServer,
    ToClient,
}

impl Direction {
    pub(super) const BOTH: [Self; 2] = [Self::ToServer, Self::ToClient];
}

/// The live controls of one direction, for all connections.
#[derive(Debug)]
pub(super) struct Controls {
    pub(super) delay_us: AtomicU64,
    /// Bytes per second and connection, 0 for no limit.
    pub(super) rate: AtomicU64,
    /// Bytes per write at most, 0 for no limit.
    pub(super) max_chunk: AtomicUsize,
    pub(super) silent: AtomicBool,
    /// Bytes left before all connections are cut; negative for no such limit.
    pub(super) budget: AtomicI64,
    pub(super) forwarded: AtomicU64,
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            delay_us: AtomicU64::default(),
            rate: AtomicU64::default(),
            max_chunk: AtomicUsize::default(),
            silent: AtomicBool::default(),
            budget: AtomicI64::new(-1),
            forwarded: AtomicU64::default(),
        }
    }
}

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Arc<TcpStream>,
    pub(super) server: Arc<TcpStream>,
    pub(super) over: Arc<AtomicBool>,
    pub(super) threads: Vec<JoinHandle<()>>,
}

impl Connection {
    pub(super) fn has_ended(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) upstream: Mutex<SocketAddr>,
    pub(super) seed: u64,
    pub(super) controls: [Controls; 2],
    /// `None` while cut: connecting is refused.
    pub(super) listener: Mutex<Option<TcpListener>>,
    pub(super) connections: Mutex<Vec<Connection>>,
    pub(super) accepted: AtomicU64,
    pub(super) stop: AtomicBool,
}

impl Shared {
    pub(super) fn controls(&self, direction: Direction) -> &Controls {
        &self.controls[direction as usize]
    }
}
