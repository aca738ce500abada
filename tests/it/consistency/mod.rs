//! Reads at the levels above bounded staleness: what a client was told is written, and what it has
//! read, its later reads include, although every replica lags.

mod engine;
mod history;
mod other_clients;
mod own_writes;
mod sent_again;
mod tokens;
mod write_table;

use std::net::SocketAddr;
use std::time::Duration;

use crate::support::*;

/// How far the replicas lag.
const LAG: Duration = Duration::from_millis(60);
/// The rounds of a test. With `bounded` nearly every one of them reads old data.
const ROUNDS: usize = 20;

/// A master and two replicas that lag.
struct Lagging {
    trio: TamperedTrio,
}

impl Lagging {
    fn spawn(flavor: Flavor) -> Self {
        let trio = TamperedTrio::spawn(flavor);
        for link in &trio.links {
            link.set_delay_of(Direction::ToClient, LAG);
        }
        Self { trio }
    }

    fn proxy(&self, level: &str) -> Tidegate {
        let level = format!("\"{level}\"");
        let config = self.trio.config().set("reads", "consistency", &level);
        let proxy = config.set("reads", "max-lag", "\"10s\"").start();
        wait_serving(&proxy, 2);
        proxy
    }

    fn replicas(&self) -> [SocketAddr; 2] {
        self.trio.replica_addrs()
    }

    /// The GETs that the replicas have run.
    fn replica_gets(&self) -> u64 {
        self.trio.replicas.iter().map(|replica| replica.calls("get")).sum()
    }
}

/// How many of the rounds fail.
fn failures(round: impl FnMut(usize) -> bool) -> usize {
    (0..ROUNDS).map(round).filter(|is_right| !is_right).count()
}

trait Text {
    /// The text of a bulk string; `None` for null.
    fn text(&self) -> Option<String>;
}

impl Text for Reply {
    fn text(&self) -> Option<String> {
        (!self.is_null()).then(|| self.str().to_owned())
    }
}
