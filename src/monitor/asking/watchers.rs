//! Asks a server whether Sentinels watch it.

use redis_protocol::resp2::types::BytesFrame;

use super::link::{Link, LinkError};
use crate::config::HostPort;

/// The channel in which Sentinels find one another. Each subscribes to it at every server that it
/// watches.
const HELLO: &[u8] = b"__sentinel__:hello";
/// The longest answer, in bytes.
const ANSWER_MAX: usize = 1024;

/// How many Sentinels watch a server; 0 if it does not tell.
pub(crate) async fn watchers(link: &mut Link) -> Result<u64, LinkError> {
    let question: [&[u8]; 3] = [b"PUBSUB", b"NUMSUB", HELLO];
    let replies = link.ask(&[&question], ANSWER_MAX).await?;
    Ok(replies.first().map_or(0, count))
}

/// The number in the reply to PUBSUB NUMSUB.
fn count(reply: &BytesFrame) -> u64 {
    match reply {
        BytesFrame::Array(items) => match items.get(1) {
            Some(BytesFrame::Integer(count)) => u64::try_from(*count).unwrap_or(0),
            _ => 0,
        },
        _ => 0,
    }
}

/// The warning that so many Sentinels watch the master, where no key names them; `None` if there are
/// none.
pub(crate) fn warning(master: &HostPort, watchers: u64) -> Option<String> {
    let subject = match watchers {
        0 => return None,
        1 => "a Sentinel watches".to_owned(),
        count => format!("{count} Sentinels watch"),
    };
    Some(format!(
        "{subject} the master {master}, and topology.sentinels is not set: after a PROXY FAILOVER, \
         Sentinel may make another server the master again; name the Sentinels in \
         topology.sentinels, and the proxy asks them for a failover"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_of_subscribers_is_a_number_of_sentinels() {
        let hello = || BytesFrame::BulkString(HELLO.into());
        let reply = |count| BytesFrame::Array(vec![hello(), BytesFrame::Integer(count)]);
        assert_eq!([count(&reply(3)), count(&reply(0)), count(&reply(-1))], [3, 0, 0]);
        for other in [BytesFrame::Error("NOPERM".into()), BytesFrame::Array(vec![hello()])] {
            assert_eq!(count(&other), 0, "{other:?}");
        }
    }

    #[test]
    fn the_warning_names_the_master() {
        let master = HostPort::local(6379);
        assert_eq!(warning(&master, 0), None);
        let [one, three] = [1, 3].map(|count| warning(&master, count).expect("a warning"));
        assert!(one.starts_with("a Sentinel watches the master 127.0.0.1:6379, and "), "{one}");
        assert!(three.starts_with("3 Sentinels watch the master "), "{three}");
    }
}
