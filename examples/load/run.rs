//! One measured run: connect, warm up, open the window, close it, wait for what is in flight.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::args::Args;
use crate::client::{Client, Shared};
use crate::keyspace::Keyspace;
use crate::process::{Watched, machine};
use crate::tally::{Source, Tally};

/// What a run found.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    pub(crate) elapsed: Duration,
    /// CPU time in the window and memory at its end; this program first.
    pub(crate) processes: Vec<Usage>,
    /// CPU time in the window of everything that is not in `processes`.
    pub(crate) others: Duration,
}

/// What one process used.
#[derive(Debug)]
pub(crate) struct Usage {
    pub(crate) label: String,
    pub(crate) cpu: Duration,
    pub(crate) rss: u64,
}

/// How long replies may still take after the window.
const DRAIN: Duration = Duration::from_secs(10);

pub(crate) async fn run(args: &Args) -> io::Result<Outcome> {
    let watched: Vec<_> = std::iter::once(Watched::load()).chain(args.pids.clone()).collect();
    let keyspace = Arc::new(Keyspace::new(args.value_size));
    let shared = Shared::new(Source::new(args), Tally::new()?, args.value_size);
    let shared = Arc::new(Mutex::new(shared));
    let mut clients = Vec::new();
    for _ in 0..args.clients {
        let pipeline = args.pipeline as usize;
        clients.push(Client::connect(args.addr, keyspace.clone(), pipeline, args.check).await?);
    }
    let mut tasks = JoinSet::new();
    let mut start = |tasks: &mut JoinSet<()>| {
        for client in clients.drain(..) {
            tasks.spawn(client.run(shared.clone()));
        }
    };
    if !args.warmup.is_zero() {
        start(&mut tasks);
        sleep(args.warmup).await;
    }
    let requests = if args.fill { Some(u64::from(args.keys)) } else { args.requests };
    let before = watched.iter().map(Watched::cpu).collect::<io::Result<Vec<_>>>()?;
    let busy = machine()?;
    let opened = Instant::now();
    {
        let mut shared = lock(&shared);
        shared.source.limit(requests.unwrap_or(u64::MAX));
        shared.tally.open();
    }
    start(&mut tasks);
    if requests.is_some() {
        finish(&mut tasks).await;
    } else {
        // Ends early only when every connection is lost.
        let _ = timeout(args.seconds, finish(&mut tasks)).await;
    }
    let elapsed = opened.elapsed();
    {
        let mut shared = lock(&shared);
        shared.tally.close();
        shared.source.limit(0);
    }
    let busy = machine()?.saturating_sub(busy);
    let mut processes = Vec::new();
    for (process, before) in watched.iter().zip(before) {
        let cpu = process.cpu()?.saturating_sub(before);
        processes.push(Usage { label: process.label.clone(), cpu, rss: process.rss()? });
    }
    if timeout(DRAIN, finish(&mut tasks)).await.is_err() {
        let text = format!("{} clients got no reply in {DRAIN:?}", tasks.len());
        lock(&shared).tally.errors.add(&text);
        tasks.shutdown().await;
    }
    let known = processes.iter().map(|usage| usage.cpu).sum();
    let tally = std::mem::replace(&mut lock(&shared).tally, Tally::new()?);
    Ok(Outcome { tally, elapsed, processes, others: busy.saturating_sub(known) })
}

async fn finish(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
