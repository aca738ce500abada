//! Asks the master what the proxy's login may read there: the engine serves no other read in place.
//! It asks over a connection of its own, with the login of `[topology]`, and again with every new
//! link.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};

use super::Engine;
use super::state::Rights;
use crate::config::{Config, HostPort};
use crate::net::{Connecting, Stream};
use tidegate_wire::resp::{ReplyScanner, encode, integer};

/// How often the task checks whether it is time to ask.
const LOOK: Duration = Duration::from_millis(100);
/// How often a master that reports rights is asked again.
const PERIOD: Duration = Duration::from_secs(10);
/// The most bytes of all answers together.
const ANSWER_MAX: usize = 256 * 1024;
/// How many keys are tried at a master that does not report rights. They are random, so that only a
/// pattern of all keys covers them all.
const TRIES: usize = 8;

/// What an answer depends on.
#[derive(Clone, PartialEq)]
struct About {
    master: HostPort,
    links: u64,
    user: String,
    password: crate::config::Secret,
}

/// Asks again whenever the answer may have changed, for ever.
pub(super) async fn keep(engine: &Engine) {
    let mut asked: Option<(About, Instant, Rights)> = None;
    loop {
        sleep(LOOK).await;
        let config = engine.config.load_full();
        let Some(about) = about(engine, &config) else { continue };
        let is_due = asked.as_ref().is_none_or(|(last, at, rights)| {
            let reports = matches!(rights, Rights::Rules(_));
            *last != about || reports && at.elapsed() >= PERIOD
        });
        if !is_due {
            continue;
        }
        let limit = config.topology.connect_timeout;
        match timeout(limit, ask(&about, &config)).await {
            Ok(Ok(rights)) => {
                let is_new = asked.as_ref().is_none_or(|(.., last)| *last != rights);
                engine.allowed.set(&rights);
                if is_new {
                    log(&about, &rights);
                }
                asked = Some((about, Instant::now(), rights));
            }
            // The last answer holds until the next one.
            Ok(Err(_)) | Err(_) => sleep(Duration::from_secs(1)).await,
        }
    }
}

/// Returns the master and the login to ask with; `None` where nothing is served in place, or there
/// is no master.
fn about(engine: &Engine, config: &Config) -> Option<About> {
    if !config.reads.local {
        return None;
    }
    let master = engine.topology.load().sole_shard().master()?.addr.clone();
    let counts = engine.link_info().counts;
    let (user, password) = (&config.topology.masteruser, &config.topology.masterauth);
    Some(About {
        master,
        links: counts.full_resyncs + counts.partial_resyncs,
        user: user.clone(),
        password: password.clone(),
    })
}

fn log(about: &About, rights: &Rights) {
    let master = &about.master;
    match rights {
        Rights::Rules(_) => {
            tracing::info!(%master, "the master reports what the login of [topology] may read");
        }
        Rights::Reads => tracing::warn!(
            %master,
            "the login of [topology] may not ask for its rights (+acl|getuser, +acl|whoami): the \
             engine serves reads as for a login with ~* and +@read"
        ),
        Rights::Nothing => tracing::warn!(
            %master,
            "the engine serves no read in place: the login of [topology] may not read every key"
        ),
    }
}

async fn ask(about: &About, config: &Config) -> io::Result<Rights> {
    let mut stream = Stream::connect(&about.master, None, &Connecting::to_master(config)).await?;
    let mut request = Vec::new();
    let (user, password) = (about.user.as_bytes(), about.password.expose().as_bytes());
    let logs_in = !password.is_empty();
    match (logs_in, user) {
        (false, _) => {}
        (true, b"") => encode::request(&mut request, [b"AUTH", password].into_iter()),
        (true, user) => encode::request(&mut request, [b"AUTH", user, password].into_iter()),
    }
    encode::request(&mut request, [b"ACL", &b"WHOAMI"[..]].into_iter());
    let replies = replies(&mut stream, &request, 1 + usize::from(logs_in)).await?;
    let whoami = replies.last().map(|reply| texts(reply)).unwrap_or_default();
    match replies.last() {
        // A server without ACL has one user, which may do everything.
        Some(reply) if reply.starts_with(b"-ERR unknown command") => {
            return Ok(Rights::of("+@all", &["~*".to_owned()]));
        }
        Some(reply) if reply.starts_with(b"-NOPERM") => return tries(&mut stream).await,
        Some(reply) if reply.starts_with(b"-") => return Err(io::Error::other("refused")),
        _ => {}
    }
    let name = whoami.into_iter().next().unwrap_or_default();
    request.clear();
    encode::request(&mut request, [b"ACL", &b"GETUSER"[..], name.as_bytes()].into_iter());
    let told = self::replies(&mut stream, &request, 1).await?.pop().unwrap_or_default();
    if told.starts_with(b"-") {
        return tries(&mut stream).await;
    }
    Ok(rights_of(&texts(&told)))
}

/// Reads the words of `ACL GETUSER`. Patterns are one text since Redis 7.0, a list before.
fn rights_of(words: &[String]) -> Rights {
    let behind = |name: &str| words.iter().position(|it| it == name).map(|at| at + 1);
    let commands = behind("commands").and_then(|at| words.get(at));
    let keys = behind("keys").and_then(|at| words.get(at..)).unwrap_or_default();
    let keys = keys.iter().take_while(|word| !matches!(word.as_str(), "channels" | "selectors"));
    let keys = keys.flat_map(|word| word.split_ascii_whitespace());
    // Redis 6.2 reports patterns without the sign that Redis 7 puts before them.
    let signed = |word: &str| match word.chars().next() {
        Some('~' | '%') => word.to_owned(),
        _ => format!("~{word}"),
    };
    Rights::of(commands.map_or("", String::as_str), &keys.map(signed).collect::<Vec<_>>())
}

/// Returns the rights of a login that may not ask for them: it may read every key if it may read a
/// few random ones.
async fn tries(stream: &mut Stream) -> io::Result<Rights> {
    let mut request = Vec::new();
    for _ in 0..TRIES {
        let key = fastrand::u128(..).to_be_bytes();
        encode::request(&mut request, [b"EXISTS", &key[..]].into_iter());
    }
    let replies = replies(stream, &request, TRIES).await?;
    let all = replies.iter().all(|reply| reply.starts_with(b":"));
    Ok(if all { Rights::Reads } else { Rights::Nothing })
}

/// Sends a request and returns `count` replies.
async fn replies(stream: &mut Stream, request: &[u8], count: usize) -> io::Result<Vec<Vec<u8>>> {
    stream.write_all(request).await?;
    let (mut buffer, mut replies) = (Vec::new(), Vec::new());
    let (mut scanner, mut seen) = (ReplyScanner::default(), 0);
    while replies.len() < count {
        let rest = buffer.get(seen..).unwrap_or_default();
        let step = scanner.advance(rest).map_err(io::Error::other)?;
        seen += step.consumed;
        if step.complete {
            let behind = buffer.split_off(seen);
            replies.push(std::mem::replace(&mut buffer, behind));
            (scanner, seen) = (ReplyScanner::default(), 0);
        } else if buffer.len() > ANSWER_MAX {
            return Err(io::Error::other("the answer is too long"));
        } else if stream.read_buf(&mut buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(replies)
}

/// Returns the texts of a whole reply, one after the other, at any depth.
fn texts(reply: &[u8]) -> Vec<String> {
    let (mut texts, mut rest) = (Vec::new(), reply);
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, behind) = rest.split_at(end + 1);
        rest = behind;
        let line = line.trim_ascii_end();
        match line.split_first() {
            Some((b'$', len)) => {
                let len = integer::parse(len).and_then(|len| usize::try_from(len).ok());
                let len = len.unwrap_or_default().min(rest.len());
                let (text, behind) = rest.split_at(len);
                texts.push(String::from_utf8_lossy(text).into_owned());
                rest = behind.get(2..).unwrap_or_default();
            }
            Some((b'+', text)) => texts.push(String::from_utf8_lossy(text).into_owned()),
            _ => {}
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_patterns_are_read() {
        let new = b"*8\r\n$5\r\nflags\r\n*1\r\n$2\r\non\r\n$8\r\ncommands\r\n$5\r\n+@all\r\n\
            $4\r\nkeys\r\n$10\r\n~app:* ~*\n\r\n$8\r\nchannels\r\n$2\r\n&*\r\n";
        assert!(rights_of(&texts(new)).may("get"));
        let old = b"*6\r\n$8\r\ncommands\r\n$5\r\n+@all\r\n$4\r\nkeys\r\n*1\r\n$1\r\n*\r\n\
            $8\r\nchannels\r\n*1\r\n$1\r\n*\r\n";
        assert!(rights_of(&texts(old)).may("get"));
        let some = b"*6\r\n$8\r\ncommands\r\n$5\r\n+@all\r\n$4\r\nkeys\r\n*1\r\n$5\r\napp:*\r\n\
            $8\r\nchannels\r\n*1\r\n$1\r\n*\r\n";
        assert_eq!(rights_of(&texts(some)), Rights::Nothing);
        assert_eq!(rights_of(&texts(b"*2\r\n$99\r\nkeys\r\n")), Rights::Nothing);
    }
}
