//! The command line.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;

use crate::process::Watched;

/// A closed-loop load generator for Redis, Valkey and their proxies.
#[derive(Debug, Parser)]
#[command(name = "load")]
pub(crate) struct Args {
    /// Where the server listens.
    #[arg(long, default_value = "127.0.0.1:6379")]
    pub(crate) addr: SocketAddr,
    /// Connections, each with one batch in flight.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub(crate) clients: u32,
    /// Requests per batch.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) pipeline: u32,
    /// Bytes per value.
    #[arg(long, default_value_t = 64)]
    pub(crate) value_size: usize,
    /// The share of requests that are SET; the others are GET.
    #[arg(long, default_value_t = 0.1)]
    pub(crate) set_ratio: f64,
    /// Size of the key space; a key is picked evenly from it.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) keys: u32,
    /// Seed of the random sequence of keys and commands.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Length of the measured window.
    #[arg(long, default_value = "5", value_parser = seconds)]
    pub(crate) seconds: Duration,
    /// Measure this many requests instead of a time.
    #[arg(long)]
    pub(crate) requests: Option<u64>,
    /// Load before the measured window.
    #[arg(long, default_value = "0", value_parser = seconds)]
    pub(crate) warmup: Duration,
    /// SET every key of the key space once, in order, and exit.
    #[arg(long, conflicts_with_all = ["requests", "idle", "warmup"])]
    pub(crate) fill: bool,
    /// Compare every reply with the value its key must have. The key space must be filled.
    #[arg(long)]
    pub(crate) check: bool,
    /// Only open this many connections, PING once on each, hold them, and report memory.
    #[arg(long)]
    pub(crate) idle: Option<u32>,
    /// How long the idle connections rest before memory is read.
    #[arg(long, default_value = "1", value_parser = seconds)]
    pub(crate) settle: Duration,
    /// A process whose CPU time and memory are reported, as LABEL=PID. Repeatable.
    #[arg(long = "pid", value_name = "LABEL=PID")]
    pub(crate) pids: Vec<Watched>,
    /// Print one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
