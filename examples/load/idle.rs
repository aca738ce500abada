//! Connections that do nothing, and the memory they cost.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::args::Args;

/// Memory of the watched processes with so many idle clients.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) clients: u32,
    /// Label and resident KiB.
    pub(crate) rss: Vec<(String, u64)>,
}

/// Opens connections and reads memory at none, 1, 1,000, 10,000 and the last.
pub(crate) async fn hold(args: &Args, clients: u32) -> io::Result<Vec<Step>> {
    let mut marks: Vec<_> = [0, 1, 1_000, 10_000].into_iter().filter(|&n| n < clients).collect();
    marks.push(clients);
    let mut open = Vec::new();
    let mut steps = Vec::new();
    for mark in marks {
        while open.len() < mark as usize {
            let stream = ping(args.addr).await.map_err(|error| {
                io::Error::other(format!("idle client {}: {error}", open.len() + 1))
            })?;
            open.push(stream);
        }
        sleep(args.settle).await;
        let rss = args.pids.iter().map(|process| Ok((process.label.clone(), process.rss()?)));
        steps.push(Step { clients: mark, rss: rss.collect::<io::Result<_>>()? });
    }
    Ok(steps)
}

async fn ping(addr: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.write_all(b"*1\r\n$4\r\nPING\r\n").await?;
    let mut reply = [0; 7];
    stream.read_exact(&mut reply).await?;
    if reply != *b"+PONG\r\n" {
        return Err(io::Error::other(format!("not +PONG: {}", reply.escape_ascii())));
    }
    Ok(stream)
}
