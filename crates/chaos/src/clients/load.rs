//! What the clients do, and what they record.

use std::net::SocketAddr;
use std::time::Duration;

use crate::history::{Operation, Reception};
use crate::stand::clock::Clock;

/// How many clients there are.
pub const CLIENTS: usize = 20;

/// What the clients do, and how much.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub addr: SocketAddr,
    pub clock: Clock,
    pub seed: u64,
    /// The average rest of a client between two requests or pipelines.
    pub pause: Duration,
    /// Whether clients also vanish, read slowly, and send large values.
    pub is_rough: bool,
}

/// What a client has recorded.
#[derive(Debug, Default)]
pub struct Record {
    pub operations: Vec<Operation>,
    pub receptions: Vec<Reception>,
}
