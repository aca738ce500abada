//! The filters of `CLIENT KILL` and `CLIENT LIST`.

use super::entry::Entry;
use crate::session::Identity;
use tidegate_store::{Dialect, Vendor};
use tidegate_wire::resp::integer;

/// Selects clients: those that match every condition.
#[derive(Debug, Default)]
pub(super) struct Filter {
    ids: Vec<u64>,
    addr: Option<Vec<u8>>,
    laddr: Option<Vec<u8>>,
    kind: Option<Kind>,
    max_age_s: Option<u64>,
    /// The user as which a client acts. A master acts as none.
    user: Option<Identity>,
    /// Whether the client that asks is left out.
    pub(super) skips_me: bool,
}

/// The types of clients (`getClientType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Normal,
    Pubsub,
    Master,
    Replica,
}

impl Filter {
    /// The client at this address (`CLIENT KILL ip:port`).
    #[must_use]
    pub(super) fn by_address(addr: &[u8]) -> Self {
        Self { addr: Some(addr.to_vec()), ..Self::default() }
    }

    /// Whether it selects a client, at `now_ms` of the process's clock.
    #[must_use]
    pub(super) fn matches(&self, entry: &Entry, now_ms: u64) -> bool {
        let info = entry.info();
        let kind = match (info.master, info.is_pubsub()) {
            (true, _) => Kind::Master,
            _ if info.replica => Kind::Replica,
            (_, true) => Kind::Pubsub,
            _ => Kind::Normal,
        };
        let is = |wanted: &Option<Vec<u8>>, text: String| {
            wanted.as_ref().is_none_or(|wanted| wanted == text.as_bytes())
        };
        self.user.is_none_or(|user| !info.master && info.user == user)
            && (self.ids.is_empty() || self.ids.contains(&entry.id))
            && is(&self.addr, entry.addr.to_string())
            && is(&self.laddr, entry.laddr.to_string())
            && self.kind.is_none_or(|wanted| wanted == kind)
            && self.max_age_s.is_none_or(|age| now_ms.saturating_sub(entry.since_ms) / 1000 >= age)
    }
}

/// Reads the options of `CLIENT KILL`, as servers of this version do.
pub(super) fn parse_kill(args: &[&[u8]], dialect: Dialect) -> Result<Filter, String> {
    let mut filter = Filter { skips_me: true, ..Filter::default() };
    let mut rest = args;
    while let [option, value, tail @ ..] = rest {
        let mut tail = tail;
        let option = option.to_ascii_lowercase();
        match option.as_slice() {
            b"id" => {
                filter.ids.push(kill_id(value, dialect)?);
                while dialect.has_client_filters()
                    && let [id, behind @ ..] = tail
                    && integer::parse(id).is_some()
                {
                    filter.ids.push(kill_id(id, dialect)?);
                    tail = behind;
                }
            }
            b"addr" => filter.addr = Some(value.to_vec()),
            b"laddr" => filter.laddr = Some(value.to_vec()),
            b"user" => {
                let unknown = || format!("ERR No such user '{}'", String::from_utf8_lossy(value));
                filter.user = Some(Identity::named(value).ok_or_else(unknown)?);
            }
            b"type" => filter.kind = Some(kind(value, dialect)?),
            b"maxage" if dialect.kills_by_age() => {
                let age =
                    integer::parse(value).ok_or("ERR maxage is not an integer or out of range")?;
                let age = u64::try_from(age).ok().filter(|age| *age > 0);
                filter.max_age_s = Some(age.ok_or("ERR maxage should be greater than 0")?);
            }
            b"skipme" if value.eq_ignore_ascii_case(b"yes") => filter.skips_me = true,
            b"skipme" if value.eq_ignore_ascii_case(b"no") => filter.skips_me = false,
            _ => return Err("ERR syntax error".to_owned()),
        }
        rest = tail;
    }
    if !rest.is_empty() || args.is_empty() {
        return Err("ERR syntax error".to_owned());
    }
    Ok(filter)
}

/// Reads the options of `CLIENT LIST`.
pub(super) fn parse_list(args: &[&[u8]], dialect: Dialect) -> Result<Filter, String> {
    let mut filter = Filter::default();
    match args {
        [] => {}
        [option, value] if option.eq_ignore_ascii_case(b"type") => {
            filter.kind = Some(kind(value, dialect)?)
        }
        [option, ids @ ..] if option.eq_ignore_ascii_case(b"id") && !ids.is_empty() => {
            for id in ids {
                if dialect.has_client_filters() {
                    filter.ids.push(kill_id(id, dialect)?);
                    continue;
                }
                let id = integer::parse(id).ok_or("ERR Invalid client ID")?;
                // No client has an id of 0 or less, but a request may name one.
                filter.ids.push(u64::try_from(id).unwrap_or(0));
            }
        }
        _ => return Err("ERR syntax error".to_owned()),
    }
    Ok(filter)
}

/// Reads an id. Redis 6.2 accepts any number, Redis 7.0 only those from 1 on. Valkey 9 has an error
/// of its own for a text that is no number.
fn kill_id(text: &[u8], dialect: Dialect) -> Result<u64, String> {
    let id = integer::parse(text);
    if !dialect.has_subcommands() {
        let id = id.ok_or("ERR value is not an integer or out of range")?;
        // No client has such an id.
        return Ok(u64::try_from(id).unwrap_or(0));
    }
    if id.is_none() && dialect.has_client_filters() {
        return Err("ERR syntax error".to_owned());
    }
    let id = id.and_then(|id| u64::try_from(id).ok()).filter(|id| *id > 0);
    id.ok_or_else(|| "ERR client-id should be greater than 0".to_owned())
}

fn kind(text: &[u8], dialect: Dialect) -> Result<Kind, String> {
    let lower = text.to_ascii_lowercase();
    match lower.as_slice() {
        b"normal" => Ok(Kind::Normal),
        b"pubsub" => Ok(Kind::Pubsub),
        b"master" => Ok(Kind::Master),
        b"primary" if dialect.vendor() == Vendor::Valkey => Ok(Kind::Master),
        b"replica" | b"slave" => Ok(Kind::Replica),
        _ => Err(format!("ERR Unknown client type '{}'", String::from_utf8_lossy(text))),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn a_user_names_all_clients_but_masters() {
        let dialect = Dialect::default();
        let addr = SocketAddr::from(([127, 0, 0, 1], 1));
        let entry = Entry::new(1, addr, addr, 0);
        let filter = parse_kill(&[b"USER", b"default"], dialect).unwrap();
        assert!(filter.matches(&entry, 0));
        assert!(entry.line(0).contains(" user=default "));
        entry.info().master = true;
        assert!(!filter.matches(&entry, 0));
        assert!(entry.line(0).contains(" user=(superuser) "));
        for name in [&b"nosuch"[..], b"Default", b"(superuser)"] {
            let error = parse_kill(&[b"user", name], dialect).unwrap_err();
            assert!(error.starts_with("ERR No such user '"), "{error}");
        }
    }
}
