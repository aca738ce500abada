//! Tidegate's engine in the test's own process, its data read in place, past its port.
//!
//! What the test says to it comes over a socket of the test, because the comparison talks to both
//! sides alike. Only SELECT and HELLO are understood here; all else is the store's.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use tempfile::TempDir;
use tidegate::config::Config;
use tidegate::engine::{self, Engine};
use tidegate::topology::{LinkState, ServerRole, Topology};
use tidegate_store::{CallContext, Outcome};
use tidegate_wire::resp::{Args, Limits, RequestScanner, RequestStep, RespVersion, encode};

use super::replica::{Progress, Replica};

/// An engine that follows a master.
pub struct Inside {
    engine: Arc<Engine>,
    config: Arc<ArcSwap<Config>>,
    addr: SocketAddr,
    dir: TempDir,
}

impl Inside {
    #[track_caller]
    pub fn start(link: SocketAddr) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let text = configuration(&format!("{link}"), dir.path());
        let config = Arc::new(ArcSwap::from_pointee(Config::parse(&text, "test").unwrap()));
        let topology = Arc::new(ArcSwap::from_pointee(Topology::default()));
        let engine = Arc::new(Engine::new(Arc::clone(&config), topology));
        engine::start(&engine).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let heard = Arc::clone(&engine);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let engine = Arc::clone(&heard);
                thread::spawn(move || converse(&engine, stream));
            }
        });
        Self { engine, config, addr, dir }
    }
}

fn configuration(replicaof: &str, dir: &std::path::Path) -> String {
    format!(
        "[topology]\nmaster = \"127.0.0.1:1\"\n\
         [replica]\nenabled = true\nlisten = \"127.0.0.1:0\"\nreplicaof = \"{replicaof}\"\ndir = {dir:?}\n"
    )
}

impl Drop for Inside {
    fn drop(&mut self) {
        // Its thread goes on as long as the process does: another server may have the port next.
        let text = configuration("topology", self.dir.path());
        self.config.store(Arc::new(Config::parse(&text, "test").unwrap()));
    }
}

impl Replica for Inside {
    fn addr(&self) -> SocketAddr {
        self.addr
    }

    fn log(&self) -> String {
        format!("{:?}, applied {}", self.engine.observe(), self.engine.applied())
    }

    #[track_caller]
    fn progress(&self) -> Result<Progress, String> {
        let said = self.engine.observe();
        if let Err(why) = &said
            && why.starts_with("replication halted")
        {
            panic!("{why}, at {}", self.engine.applied());
        }
        let up = match said?.role {
            ServerRole::Replica { link, .. } => link == LinkState::Up,
            _ => false,
        };
        let offset = i64::try_from(self.engine.applied().get()).unwrap();
        Ok(Progress { up, offset })
    }
}

/// Answers requests until the other side leaves.
fn converse(engine: &Engine, mut stream: TcpStream) {
    let (mut input, mut out) = (Vec::new(), Vec::new());
    let (mut db, mut version) = (0, RespVersion::V2);
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let mut at = 0;
        while let Ok(RequestStep::Complete(request)) =
            RequestScanner::default().scan(&input[at..], &Limits::default())
        {
            let words = Args::new(&input[at..]).to_vec();
            answer(engine, &words, &mut db, &mut version, &mut out);
            at += request.len;
        }
        input.drain(..at);
        if stream.write_all(&out).is_err() {
            return;
        }
        out.clear();
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(len) => input.extend_from_slice(&chunk[..len]),
        }
    }
}

fn answer(
    engine: &Engine,
    words: &[&[u8]],
    db: &mut usize,
    version: &mut RespVersion,
    out: &mut Vec<u8>,
) {
    let second = || String::from_utf8_lossy(words[1]).parse::<usize>().unwrap();
    match words[0] {
        b"SELECT" => {
            *db = second();
            encode::status(out, "OK");
        }
        b"HELLO" => {
            *version = if second() == 3 { RespVersion::V3 } else { RespVersion::V2 };
            encode::map(out, *version, 0);
        }
        name => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let now_ms = i64::try_from(since.as_millis()).unwrap();
            let context = CallContext { db: *db, now_ms, version: *version };
            if engine.store().read(context, words, out) == Outcome::Unknown {
                encode::error(out, &format!("ERR the store reads no {}", name.escape_ascii()));
            }
        }
    }
}
