//! PROXY CONSISTENCY and PROXY NEXT: what the session's reads see.

use std::time::Duration;

use crate::client::batch::batch::Batch;
use crate::client::introspection::record::{Record, Value};
use crate::client::planning::levels;
use crate::client::state::client::Client;
use crate::config::{Config, duration_of};
use crate::consistency::{LagLimit, Level};
use crate::routing::ReadPolicy;
use crate::session::{Next, ReadChoice, ReadFrom};
use tidegate_wire::resp::encode;
use tidegate_wire::units::millis;

/// The longest limit, as of `reads.max-lag`.
const HOUR: Duration = Duration::from_secs(3600);
/// The bytes of an unknown word that the error repeats, at most.
const WORD_SHOWN: usize = 64;

/// PROXY CONSISTENCY, of which `options` are the further arguments.
pub(in crate::client) fn answer(
    client: &mut Client,
    batch: &mut Batch<'_>,
    options: &[&[u8]],
    out: &mut Vec<u8>,
) {
    if options.is_empty() {
        return Value::Record(shown(client)).encode(client.session.version, out);
    }
    match chosen(options, client.session.reads, &client.config) {
        Ok(choice) => {
            client.session.reads = choice;
            levels::follow_choice(client, batch);
            encode::status(out, "OK");
        }
        Err(error) => encode::error(out, &error),
    }
}

/// PROXY NEXT, whose argument is `level`.
pub(in crate::client) fn next(client: &mut Client, level: &[u8], out: &mut Vec<u8>) {
    match Level::named(level) {
        Some(level) => {
            client.session.reads.next = Some(Next::Said(level));
            encode::status(out, "OK");
        }
        None => encode::error(out, &unknown(level)),
    }
}

/// What reads see that no rule is for.
fn shown(client: &Client) -> Record {
    let (own, choice) = (client.policies.session(), &client.session.reads);
    let asks = ReadChoice { next: None, ..*choice } != ReadChoice::default();
    vec![
        ("level", own.level.as_str().into()),
        ("reads_from", reads_from(own.servers()).into()),
        ("max_lag_ms", max_lag_ms(own, &client.config).into()),
        ("set_by", if asks { "session" } else { "configuration" }.into()),
        ("default", client.policies.port().level.as_str().into()),
    ]
}

const fn reads_from(servers: ReadFrom) -> &'static str {
    match servers {
        ReadFrom::Master => "master",
        ReadFrom::Replica => "replica",
        ReadFrom::Any => "any",
    }
}

/// How old the data may be by this policy, in milliseconds; `None` means of any age.
pub(in crate::client) fn max_lag_ms(policy: ReadPolicy, config: &Config) -> Option<u64> {
    match policy.max_lag {
        LagLimit::Published => config.reads.max_lag.map(millis),
        LagLimit::Within(limit_ms) => Some(limit_ms),
        LagLimit::Any => None,
    }
}

/// What a session that chose `before` chooses with these words: a level, and how old the data may
/// be.
fn chosen(words: &[&[u8]], before: ReadChoice, config: &Config) -> Result<ReadChoice, String> {
    let (level, max_lag) = match words {
        [word] if word.eq_ignore_ascii_case(b"default") => return Ok(ReadChoice::default()),
        [level] => (level, None),
        [level, max_lag] => (level, Some(limit(max_lag, config)?)),
        _ => return Err("ERR syntax error".to_owned()),
    };
    let level = Level::named(level).ok_or_else(|| unknown(level))?;
    // It takes back READWRITE, which is a level too.
    let from = before.from.filter(|from| *from != ReadFrom::Master);
    Ok(ReadChoice { from, level: Some(level), max_lag, next: None })
}

fn limit(word: &[u8], config: &Config) -> Result<LagLimit, String> {
    if word.eq_ignore_ascii_case(b"off") {
        return Ok(config.lag_limit(None));
    }
    // A lag is known only after a probe.
    let least = config.topology.probe_period * 2;
    let time = std::str::from_utf8(word).ok().and_then(duration_of);
    let time = time.filter(|time| (least..=HOUR).contains(time)).ok_or_else(|| {
        let least = millis(least);
        format!("ERR max-lag must be a time from {least}ms to 1h, such as 500ms or 5s, or off")
    })?;
    Ok(config.lag_limit(Some(time)))
}

fn unknown(word: &[u8]) -> String {
    let word = String::from_utf8_lossy(&word[..word.len().min(WORD_SHOWN)]);
    let names: Vec<_> = Level::ALL.iter().map(|level| level.as_str()).collect();
    format!("ERR unknown consistency level '{word}'. The levels are {}.", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(line: &str, before: ReadChoice) -> Result<ReadChoice, String> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        chosen(&words, before, &Config::default())
    }

    #[test]
    fn words_choose_a_level_and_a_limit() {
        let none = ReadChoice::default();
        let level = |level| ReadChoice { level: Some(level), ..none };
        assert_eq!(choose("Session", none), Ok(level(Level::Session)));
        let five = ReadChoice { max_lag: Some(LagLimit::Within(5000)), ..level(Level::Bounded) };
        assert_eq!(choose("bounded 5s", none), Ok(five));
        let off = ReadChoice { max_lag: Some(LagLimit::Any), ..level(Level::Global) };
        assert_eq!(choose("GLOBAL OFF", five), Ok(off));
        assert_eq!(choose("bounded 1s", none).unwrap().max_lag, Some(LagLimit::Published));
        assert_eq!(choose("session", five), Ok(level(Level::Session)), "the limit is gone");
        assert_eq!(choose("default", five), Ok(none));
    }

    #[test]
    fn the_last_word_counts_against_readwrite_and_not_against_readonly() {
        let from = |from| ReadChoice { from: Some(from), ..ReadChoice::default() };
        assert_eq!(from(ReadFrom::Master).asked(), Some(Level::Strong));
        let chosen = choose("global", from(ReadFrom::Master)).unwrap();
        assert_eq!((chosen.from, chosen.asked()), (None, Some(Level::Global)));
        let chosen = choose("global", from(ReadFrom::Replica)).unwrap();
        assert_eq!(chosen.from, Some(ReadFrom::Replica));
    }

    #[test]
    fn other_words_are_errors() {
        for line in ["", "eventual", "session 5", "session 199ms", "session 2h", "session 5s 5s"] {
            assert!(choose(line, ReadChoice::default()).unwrap_err().starts_with("ERR "), "{line}");
        }
    }
}
