//! A client's pipelines, made from a seed: the same ones for the same seed.

use super::templates::{OTHERS, READS, SCRIPTS, SCRIPTS_BAD, SCRIPTS_RO, WRITES};
use crate::support::encode;

/// Databases that clients select.
const DATABASES: usize = 4;
const LARGE: usize = 300 * 1024;

/// What a pipeline may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    Mixed,
    /// Anything whose answer a replica never gives.
    NoReads,
    /// What a replica may answer.
    Reads,
}

/// Requests that leave together.
#[derive(Debug)]
pub struct Pipeline {
    pub bytes: Vec<u8>,
    /// The requests in words, for reports.
    pub text: Vec<String>,
    /// The last reply.
    pub last: Vec<u8>,
    /// The server ends the connection after it.
    pub ends: bool,
}

/// One client's generator.
pub struct Generator {
    random: fastrand::Rng,
    prefix: String,
    serial: u64,
    pipeline: Pipeline,
}

impl Generator {
    pub fn new(seed: u64, client: usize) -> Self {
        let random = fastrand::Rng::with_seed(seed.wrapping_mul(1000).wrapping_add(client as u64));
        Self { random, prefix: format!("c{client}"), serial: 0, pipeline: empty() }
    }

    pub fn random(&mut self) -> &mut fastrand::Rng {
        &mut self.random
    }

    /// The next pipeline. It leaves the session in no transaction, without subscriptions and with
    /// replies, so that its last reply can be told.
    pub fn next(&mut self, kind: Kind) -> Pipeline {
        for _ in 0..self.random.usize(1..12) {
            self.part(kind);
        }
        if self.random.usize(..60) == 0 {
            self.ending();
        } else {
            self.serial += 1;
            let mark = format!("end of {}:{}", self.prefix, self.serial);
            self.request(&[b"ECHO".to_vec(), mark.clone().into_bytes()]);
            self.pipeline.last = format!("${}\r\n{mark}\r\n", mark.len()).into_bytes();
        }
        std::mem::replace(&mut self.pipeline, empty())
    }

    fn part(&mut self, kind: Kind) {
        match self.random.usize(..20) {
            0 | 1 if kind != Kind::Reads => self.transaction(),
            2 => self.without_replies(kind),
            3 if kind != Kind::Reads => self.subscription(),
            4 => {
                let nothing = self.random.choice([&b"\r\n"[..], b"*0\r\n"]).unwrap();
                self.pipeline.bytes.extend_from_slice(nothing);
            }
            _ => self.one(kind),
        }
    }

    /// One request of any kind.
    fn one(&mut self, kind: Kind) {
        let of = self.random.usize(..10);
        let templates = match kind {
            Kind::Reads if of < 8 => READS,
            Kind::Mixed if of < 3 => READS,
            Kind::Mixed | Kind::NoReads if of < 8 => WRITES,
            _ => OTHERS,
        };
        self.any_of(templates);
    }

    fn transaction(&mut self) {
        if self.random.bool() {
            self.template("WATCH {k} {s}");
            if self.random.usize(..3) == 0 {
                self.template("SET {s} {v}");
            }
        }
        self.template("MULTI");
        for _ in 0..self.random.usize(..6) {
            match self.random.usize(..24) {
                0 => self.template("MULTI"),
                1 => self.template("WATCH {k}"),
                2 => self.template("SELECT {db}"),
                3 => self.template("CLIENT SETNAME {w}"),
                4 => self.template("CLIENT GETNAME"),
                5 => self.template("NONSENSE"),
                6 => self.template("GET"),
                7 => self.template("PING"),
                8..14 => self.any_of(READS),
                _ => self.any_of(WRITES),
            }
        }
        let end = if self.random.usize(..4) == 0 { "DISCARD" } else { "EXEC" };
        self.template(end);
    }

    fn without_replies(&mut self, kind: Kind) {
        let quiet = |generator: &mut Self| match kind {
            Kind::Reads => generator.template("GET {s}"),
            _ => generator.template("SET {s} {v}"),
        };
        if self.random.bool() {
            self.template("CLIENT REPLY SKIP");
            quiet(self);
        } else {
            self.template("CLIENT REPLY OFF");
            for _ in 0..self.random.usize(..4) {
                quiet(self);
            }
            self.template("CLIENT REPLY ON");
        }
    }

    fn subscription(&mut self) {
        let channel = self.random.usize(..3);
        let prefix = self.prefix.clone();
        self.template(&format!("SUBSCRIBE {prefix}:a{channel} {prefix}:b"));
        self.template(&format!("PSUBSCRIBE {prefix}:*"));
        self.template("PING {w}");
        // Allowed with RESP3 only; the messages then come before their replies.
        self.template(&format!("PUBLISH {prefix}:a{channel} {{w}}"));
        self.template("GET {s}");
        self.template(&format!("UNSUBSCRIBE {prefix}:b"));
        self.template("UNSUBSCRIBE");
        self.template("PUNSUBSCRIBE");
    }

    /// What a server answers by closing.
    fn ending(&mut self) {
        self.pipeline.ends = true;
        let bytes: &[u8] = match self.random.usize(..6) {
            0 => b"*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n",
            1 => b"*x\r\n",
            2 => b"*1\r\n+PING\r\n",
            3 => b"*2\r\n$3\r\nGET\r\n$-5\r\n",
            4 => b"SET \"unbalanced\r\n",
            _ => b"*99999999999\r\n",
        };
        self.pipeline.bytes.extend_from_slice(bytes);
        self.pipeline.text.push(String::from_utf8_lossy(bytes).into_owned());
    }

    fn any_of(&mut self, templates: &[&str]) {
        let at = self.random.usize(..templates.len());
        self.template(templates[at]);
    }

    fn template(&mut self, template: &str) {
        let words: Vec<_> = template.split(' ').map(|word| self.word(word)).collect();
        self.request(&words);
    }

    fn request(&mut self, words: &[Vec<u8>]) {
        let show = |word: &Vec<u8>| {
            String::from_utf8_lossy(&word[..word.len().min(60)]).escape_debug().to_string()
        };
        self.pipeline.text.push(words.iter().map(show).collect::<Vec<_>>().join(" "));
        let plain = |word: &Vec<u8>| {
            !word.is_empty()
                && word.len() < 1000
                && word.iter().all(|b| b.is_ascii_graphic() && !b"\"'*\\".contains(b))
        };
        if self.random.usize(..8) == 0 && words.iter().all(plain) {
            let end = self.random.choice([&b"\r\n"[..], b"\n"]).unwrap();
            self.pipeline.bytes.extend(words.join(&b' '));
            self.pipeline.bytes.extend_from_slice(end);
        } else {
            self.pipeline.bytes.extend(encode(words));
        }
    }

    fn word(&mut self, word: &str) -> Vec<u8> {
        let Some(name) = word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return word.as_bytes().to_vec();
        };
        let random = &mut self.random;
        match name {
            "k" => {
                let kind = random.choice(["s", "l", "S", "h", "z", "x", "b", "p", "g"]).unwrap();
                self.key(kind)
            }
            "s" | "l" | "S" | "h" | "z" | "x" | "b" | "p" | "g" | "L" => self.key(name),
            "v" => self.value(),
            "B" => large(random.u8(b'a'..=b'z')),
            "w" => format!("w{}", random.usize(..20)).into_bytes(),
            "i" => random.usize(..12).to_string().into_bytes(),
            "n" => random.i64(-1_000_000..1_000_000).to_string().into_bytes(),
            "f" => format!("f{}", random.usize(..8)).into_bytes(),
            "e" => format!("{}-{}", random.usize(1..50), random.usize(..3)).into_bytes(),
            "t" => (4_000_000_000_u64 + random.u64(..9)).to_string().into_bytes(),
            "blank" => b"a b".to_vec(),
            "db" => random.usize(..DATABASES).to_string().into_bytes(),
            "script" => random.choice(SCRIPTS).unwrap().as_bytes().to_vec(),
            "script_ro" => random.choice(SCRIPTS_RO).unwrap().as_bytes().to_vec(),
            "script_bad" => random.choice(SCRIPTS_BAD).unwrap().as_bytes().to_vec(),
            other => panic!("no such place: {other}"),
        }
    }

    /// Few keys per kind, so that they meet; one in twenty is of another kind.
    fn key(&mut self, kind: &str) -> Vec<u8> {
        let kinds = ["s", "l", "S", "h", "z", "x", "b"];
        let kind = match self.random.usize(..20) {
            0 if kind != "L" => self.random.choice(kinds).unwrap(),
            _ => kind,
        };
        format!("{}:{kind}:{}", self.prefix, self.random.usize(..4)).into_bytes()
    }

    fn value(&mut self) -> Vec<u8> {
        match self.random.usize(..12) {
            0 => Vec::new(),
            1 => b"a\r\n$5\r\n+OK\r\n\0\xff".to_vec(),
            2 | 3 => self.random.i64(-1000..1000).to_string().into_bytes(),
            4 => vec![b'm'; self.random.usize(..6000)],
            _ => format!("value {}", self.random.u32(..)).into_bytes(),
        }
    }
}

fn empty() -> Pipeline {
    Pipeline { bytes: Vec::new(), text: Vec::new(), last: Vec::new(), ends: false }
}

fn large(byte: u8) -> Vec<u8> {
    vec![byte; LARGE]
}
