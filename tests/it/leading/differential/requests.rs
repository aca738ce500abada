//! The requests: those of the workload, reads of what it wrote, what only masters take, and wrong
//! forms of all of them.

use crate::leading::workload::{Compare, Reader, Request, Workload};
use crate::support::Flavor;

/// A request, and how its replies are compared.
#[derive(Clone, Debug)]
pub struct Asked {
    pub request: Request,
    pub compare: Compare,
}

/// What the workload does not make: the state of clients, scripts by their names, wrong requests.
/// `K` is any key, `SHA` a script that was loaded, `N` a small number.
const OTHERS: [&str; 52] = [
    "WATCH K",
    "WATCH K K K",
    "WATCH K",
    "UNWATCH",
    "EXEC",
    "DISCARD",
    "MULTI",
    "PING",
    "PING K",
    "ECHO K",
    "SELECT 16",
    "SELECT x",
    "SELECT -1",
    "CLIENT SETNAME name",
    "CLIENT GETNAME",
    "CLIENT NO-EVICT on",
    "CLIENT NO-EVICT maybe",
    "CLIENT REPLY ON",
    "CLIENT UNBLOCK 999999",
    "CLIENT UNBLOCK K",
    "CLIENT NOSUCH",
    "DBSIZE",
    "NOSUCHCOMMAND K K",
    "EVALSHA SHA 1 K N",
    "EVALSHA SHA 2 K K N",
    "EVALSHA SHA 3 K K K N",
    "EVALSHA 0000000000000000000000000000000000000000 0",
    "EVALSHA_RO SHA 1 K N",
    "EVALSHA short 0",
    "EVAL return 0",
    "EVAL return -1",
    "EVAL return x",
    "EVAL return 5 K",
    "EVAL syntax(error 0",
    "EVAL_RO return 0",
    "FCALL nosuch 0",
    "FCALL write0 1 K",
    "FCALL_RO version1 0",
    "FCALL version2 0",
    "FCALL_RO write1 2 K K N",
    "SCRIPT EXISTS SHA x",
    "SCRIPT NOSUCH",
    "OBJECT ENCODING",
    "OBJECT HELP",
    "BLPOP K 0.001",
    "BZPOPMIN K K x",
    "BLMOVE K K LEFT UP 1",
    "BRPOP K -1",
    "XREAD BLOCK x STREAMS K $",
    "XREADGROUP GROUP nosuch c STREAMS K >",
    "REPLCONF nosuch",
    "FUNCTION NOSUCH",
];

/// Scripts that are loaded at the start, for EVALSHA.
pub const SCRIPTS: [&str; 12] = [
    "return {KEYS, ARGV}",
    "return redis.call('TYPE', KEYS[1])",
    "return redis.pcall('INCR', KEYS[1])",
    "return redis.call('INCR', KEYS[1])",
    "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('APPEND', KEYS[1], 'x')",
    "local r = redis.pcall('LPUSH', KEYS[1], ARGV[1]) if r.err then return r end return {r}",
    "redis.call('SELECT', 2) redis.call('SET', KEYS[1], 'two') return redis.call('DBSIZE')",
    "return redis.error_reply('MY error')",
    "error('thrown')",
    "return {1, 2.7, 'three', {4, false, true}, redis.status_reply('FINE')}",
    "redis.setresp(3) return redis.call('HGETALL', KEYS[1] .. 'none')",
    "return redis.call('COPY', KEYS[1], KEYS[1], 'DB', 9)",
];

/// What stands in the place of a word of a wrong request. No number is beyond 64 bits: after one,
/// the next SORT of Redis 7.0 may refuse numbers, because it looks at an old `errno`.
const WRONG: [&str; 10] =
    ["x", "", "-1", "1.5", "9223372036854775808", "-9223372036854775808", "nan", "(", "LIMIT", "0"];

/// A source of requests.
#[derive(Debug)]
pub struct Requests {
    pub workload: Workload,
    reader: Reader,
    pub draw: fastrand::Rng,
    keys: Vec<Vec<u8>>,
    pub shas: Vec<String>,
}

impl Requests {
    pub fn new(seed: u64) -> Self {
        let workload = Workload::new(seed, Flavor::Redis70, &[]).steady();
        let reader = workload.reader(seed ^ 1);
        let draw = fastrand::Rng::with_seed(seed ^ 2);
        let mut keys = Reader::keys();
        // Its entries have ids of the clock.
        keys.retain(|key| key != b"stream:clock");
        Self { workload, reader, draw, keys, shas: Vec::new() }
    }

    fn key(&mut self) -> Vec<u8> {
        self.keys[self.draw.usize(..self.keys.len())].clone()
    }

    /// A key for writes that know nothing of it.
    fn other_key(&mut self) -> Vec<u8> {
        loop {
            let key = self.key();
            if !is_lexical(&key) {
                return key;
            }
        }
    }

    /// The next request.
    pub fn next(&mut self) -> Asked {
        let asked = self.draw_one();
        let has = |name: &str| {
            asked.request.iter().any(|word| word.eq_ignore_ascii_case(name.as_bytes()))
        };
        let is_sort = asked.request[0].to_ascii_lowercase().starts_with(b"sort");
        // Members that differ behind a zero byte are equal to strcoll: they come in the set's order.
        if is_sort && has("alpha") && !has("store") && asked.compare == Compare::Exact {
            return Asked { compare: Compare::Unordered, ..asked };
        }
        asked
    }

    fn draw_one(&mut self) -> Asked {
        match self.draw.u32(..100) {
            0..20 => loop {
                let read = self.read();
                // What EXEC returns is compared byte for byte only if all of it can be.
                if !self.workload.is_in_transaction() || read.compare == Compare::Exact {
                    return read;
                }
            },
            20..26 => self.other(),
            26..29 => {
                let request = self.write();
                self.wrong(request)
            }
            _ => Asked { request: self.write(), compare: Compare::Exact },
        }
    }

    /// A request of the workload. Redis refuses a PFADD of several elements half-way if the value is
    /// damaged: it keeps the first ones, and tells its replicas nothing. So it gets one element.
    fn write(&mut self) -> Request {
        let mut request = self.workload.next();
        if request[0].eq_ignore_ascii_case(b"pfadd") {
            request.truncate(3);
        }
        request
    }

    fn read(&mut self) -> Asked {
        let key = self.key();
        // By its name: other types are errors, which are answers too.
        let name = String::from_utf8_lossy(&key).into_owned();
        let kind = match name.trim_end_matches(|it: char| !it.is_ascii_alphabetic()) {
            "list" => "list",
            "set" | "integers" => "set",
            "hash" => "hash",
            "zset" | "lex" | "geo" => "zset",
            "stream" => "stream",
            _ => "string",
        };
        let reads = if self.draw.u8(..20) == 0 {
            self.reader.of_database()
        } else {
            self.reader.of(&key, kind)
        };
        let read = &reads[self.draw.usize(..reads.len())];
        let mut compare = read.compare;
        // Both servers count the times to live by their own clocks.
        if read.request[0].ends_with(b"EXPIRETIME") {
            compare = Compare::Form;
        }
        // A key's name does not tell its type for sure: this may be a set, in its own order.
        if read.request.iter().any(|word| word == b"nosort") {
            compare = Compare::Form;
        }
        Asked { request: read.request.clone(), compare }
    }

    fn other(&mut self) -> Asked {
        let text = OTHERS[self.draw.usize(..OTHERS.len())];
        let mut request = Vec::new();
        for word in text.split(' ') {
            request.push(match word {
                "K" => self.other_key(),
                "N" => self.draw.u8(..5).to_string().into_bytes(),
                "SHA" => self.shas[self.draw.usize(..self.shas.len())].clone().into_bytes(),
                word => word.as_bytes().to_vec(),
            });
        }
        Asked { request, compare: Compare::Exact }
    }

    /// Breaks a request.
    fn wrong(&mut self, mut request: Request) -> Asked {
        // Some might never end. Sets that are read by their members need equal scores. Without
        // STORE, SORT ... BY nosort returns a set in its own order.
        let is_left = ["EVAL", "FCALL"].iter().any(|name| request[0] == name.as_bytes())
            || request.iter().any(|word| word == b"BLOCK" || word == b"nosort" || is_lexical(word));
        let at = self.draw.usize(..request.len());
        match self.draw.u8(..6) {
            _ if is_left => {}
            0 if request.len() > 1 => {
                request.pop();
            }
            1 => request.push(WRONG[self.draw.usize(..WRONG.len())].into()),
            2 if at > 0 => request[at] = WRONG[self.draw.usize(..WRONG.len())].into(),
            3 if at > 1 => request[1] = self.other_key(),
            4 => request[0].make_ascii_lowercase(),
            _ => request.truncate(at.max(1)),
        }
        Asked { request, compare: Compare::Exact }
    }
}

/// Whether a word is a key of a sorted set whose scores are all equal.
fn is_lexical(word: &[u8]) -> bool {
    word.starts_with(b"lex")
}
