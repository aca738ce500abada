//! Requests of clients that wait for keys, and of those that serve them.

use super::Request;

/// A source of both.
#[derive(Debug)]
pub struct WaitingRequests {
    pub draw: fastrand::Rng,
    entries: u64,
}

impl WaitingRequests {
    pub fn new(seed: u64) -> Self {
        Self { draw: fastrand::Rng::with_seed(seed), entries: 0 }
    }

    fn fill(&mut self, text: &str) -> Request {
        let mut words = Vec::new();
        for word in text.split(' ') {
            words.push(match word {
                "L" => format!("l{}", self.draw.u8(..3)),
                "Z" => format!("z{}", self.draw.u8(..2)),
                "S" => format!("s{}", self.draw.u8(..2)),
                "ANY" => ["l0", "l1", "l2", "z0", "z1", "s0", "s1"][self.draw.usize(..7)].into(),
                "C" => format!("c{}", self.draw.u8(..2)),
                "ID" => {
                    self.entries += 1;
                    format!("1-{}", self.entries)
                }
                "V" => format!("v{}", self.draw.u16(..)),
                word => word.to_owned(),
            });
        }
        words.into_iter().map(String::into_bytes).collect()
    }

    /// A request that waits where it finds nothing.
    pub fn blocking(&mut self) -> Request {
        const ALL: [&str; 16] = [
            "BLPOP L 0",
            "BLPOP L L 0",
            "BRPOP L L 0",
            "BLMOVE L L LEFT RIGHT 0",
            "BLMOVE L L RIGHT RIGHT 0",
            "BRPOPLPUSH L L 0",
            "BLMPOP 0 2 L L LEFT COUNT 2",
            "BLMPOP 0 1 L RIGHT",
            "BZPOPMIN Z 0",
            "BZPOPMAX Z Z 0",
            "BZMPOP 0 2 Z Z MIN COUNT 2",
            "XREAD BLOCK 0 STREAMS s0 s1 $ $",
            "XREAD COUNT 1 BLOCK 0 STREAMS S $",
            "XREADGROUP GROUP g C BLOCK 0 STREAMS S >",
            "XREADGROUP GROUP g C COUNT 1 BLOCK 0 NOACK STREAMS S >",
            "XREADGROUP GROUP g C BLOCK 0 STREAMS s0 s1 > >",
        ];
        let text = ALL[self.draw.usize(..ALL.len())];
        self.fill(text)
    }

    /// A request that may serve clients that wait.
    pub fn trigger(&mut self) -> Request {
        // RENAME keeps to keys of one type: when a command replaces a stream by a list or a sorted
        // set, Redis 7.0 serves the clients of the key only while another client waits for a stream.
        const ALL: [&str; 26] = [
            "LPUSH L V",
            "RPUSH L V V V",
            "LPUSH L V V",
            "RPUSH L V",
            "RPUSH L V V V V V V",
            "ZADD Z 1 V",
            "ZADD Z 1 V 2 V 3 V",
            "ZADD Z 1 V 2 V 3 V 4 V 5 V",
            "XADD S ID f V",
            "XADD S ID f V",
            "XADD S ID f V",
            "XGROUP CREATE S g $ MKSTREAM",
            "XGROUP CREATE S g 0 MKSTREAM",
            "XGROUP CREATE S g $ MKSTREAM",
            "XGROUP DESTROY S g",
            "DEL S",
            "DEL ANY",
            "DEL ANY ANY",
            "SET ANY V",
            "RENAME L L",
            "RENAME Z Z",
            "RENAME S S",
            "COPY L L",
            "ZUNIONSTORE Z 2 Z Z",
            "SORT L ALPHA STORE L",
            "FLUSHDB",
        ];
        let text = ALL[self.draw.usize(..ALL.len())];
        self.fill(text)
    }
}
