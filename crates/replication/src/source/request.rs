//! What a replica asks for: `PSYNC` and `SYNC`. Never decides what it gets.

use super::super::identity::Ask;
use tidegate_wire::resp::integer;
use tidegate_wire::units::{ReplId, ReplOffset};

/// A request for the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncRequest {
    /// What is asked for. A history that no server can have is asked for in vain.
    pub ask: Ask,
    /// Whether it is `SYNC`, whose sender knows no offsets and sends no acks.
    pub is_legacy: bool,
    /// Whether the rest of a history is asked for. Without it a full resync counts as a failed
    /// partial one.
    pub asks_for_rest: bool,
    /// Whether the sender is a master that hands over its role (`PSYNC ... FAILOVER`).
    pub is_failover: bool,
}

/// The error for a `PSYNC` whose offset is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ERR value is not an integer or out of range")]
pub struct NotAnOffset;

impl SyncRequest {
    /// Reads the words of `PSYNC replid offset [FAILOVER]` or `SYNC`.
    ///
    /// # Errors
    /// [`NotAnOffset`].
    pub fn parse(words: &[&[u8]]) -> Result<Self, NotAnOffset> {
        let [_, replid, offset, rest @ ..] = words else {
            let (asks_for_rest, is_failover) = (false, false);
            return Ok(Self { ask: Ask::Full, is_legacy: true, asks_for_rest, is_failover });
        };
        let offset = integer::parse(offset).ok_or(NotAnOffset)?;
        let known = ReplId::parse(replid).ok().zip(u64::try_from(offset).ok());
        let ask = known.map_or(Ask::Full, |(replid, first)| Ask::Rest {
            replid,
            first: ReplOffset::new(first),
        });
        let is_failover = rest.first().is_some_and(|it| it.eq_ignore_ascii_case(b"failover"));
        let asks_for_rest = !replid.starts_with(b"?");
        Ok(Self { ask, is_legacy: false, asks_for_rest, is_failover })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_servers_read_them() {
        let parse = |line: &str| {
            SyncRequest::parse(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>())
        };
        assert!(parse("SYNC").unwrap().is_legacy);
        let all = parse("PSYNC ? -1").unwrap();
        assert_eq!((all.ask, all.is_legacy, all.asks_for_rest), (Ask::Full, false, false));
        let id = "A".repeat(40);
        let rest = parse(&format!("PSYNC {id} 17")).unwrap();
        let wanted = Ask::Rest { replid: id.parse().unwrap(), first: ReplOffset::new(17) };
        assert_eq!((rest.ask, rest.asks_for_rest, rest.is_failover), (wanted, true, false));
        assert!(parse(&format!("PSYNC {id} 17 failover")).unwrap().is_failover);
        for vain in [format!("PSYNC {id} -17"), "PSYNC xyz 17".to_owned()] {
            let vain = parse(&vain).unwrap();
            assert_eq!((vain.ask, vain.asks_for_rest), (Ask::Full, true));
        }
        for wrong in ["PSYNC ? abc", "PSYNC ? "] {
            assert_eq!(parse(wrong), Err(NotAnOffset), "{wrong}");
        }
    }
}
