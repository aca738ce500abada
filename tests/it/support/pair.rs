//! The same words to a server and to the proxy before another such server: the same bytes back.

use super::flavor::Flavor;
use super::reply::Reply;
use super::server::RedisServer;
use super::tidegate::{ConfigBuilder, Tidegate};
use super::wire::{Wire, encode};

/// Two like servers, one of them behind the proxy.
#[derive(Debug)]
pub struct Pair {
    pub direct: RedisServer,
    pub behind: RedisServer,
    pub proxy: Tidegate,
}

impl Pair {
    #[track_caller]
    pub fn spawn(flavor: Flavor) -> Self {
        Self::spawn_with(flavor, |config| config)
    }

    #[track_caller]
    pub fn spawn_with(flavor: Flavor, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let (direct, behind) = (RedisServer::spawn(flavor), RedisServer::spawn(flavor));
        let proxy = change(ConfigBuilder::new(behind.addr(), &[])).start();
        Self { direct, behind, proxy }
    }

    /// A client of each.
    #[track_caller]
    pub fn both(&self) -> Both {
        Both { direct: Wire::connect(self.direct.addr()), proxied: self.proxy.wire() }
    }

    /// The same, speaking RESP3.
    #[track_caller]
    pub fn both3(&self) -> Both {
        let mut both = self.both();
        both.direct.hello3();
        both.proxied.hello3();
        both
    }
}

/// Two clients that say the same.
#[derive(Debug)]
pub struct Both {
    pub direct: Wire,
    pub proxied: Wire,
}

impl Both {
    /// One request, its words parted by blanks: the same bytes come back, and this is what they
    /// say.
    #[track_caller]
    pub fn same(&mut self, line: &str) -> Reply {
        self.same_many(line, 1)
    }

    /// The same for a request that gets several replies; the last one is handed out.
    #[track_caller]
    pub fn same_many(&mut self, line: &str, replies: usize) -> Reply {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.same_raw(&encode(&words), replies)
    }

    /// The same for any bytes.
    #[track_caller]
    pub fn same_raw(&mut self, bytes: &[u8], replies: usize) -> Reply {
        self.direct.send_raw(bytes);
        self.proxied.send_raw(bytes);
        let mut last = Reply::Null;
        for _ in 0..replies {
            let (reply, expected) = self.direct.read_with_raw();
            let got = self.proxied.read_raw_reply();
            let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            assert_eq!(show(&got), show(&expected), "the proxy's reply to {:?}", show(bytes));
            last = reply;
        }
        last
    }

    /// Several requests, one after the other; `;` parts them.
    #[track_caller]
    pub fn same_all(&mut self, lines: &str) {
        for line in lines.split(';').map(str::trim).filter(|line| !line.is_empty()) {
            self.same(line);
        }
    }
}
