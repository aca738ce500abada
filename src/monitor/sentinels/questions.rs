//! The questions to a Sentinel, and how its replies are read.

use redis_protocol::resp2::types::BytesFrame;

use super::fault::SentinelFault;
use crate::monitor::asking::frame::{items, text};
use crate::monitor::asking::link::Link;
use crate::monitor::asking::words::{brief, word};
use crate::sentinel::{Fields, Report, ReportError};

/// The longest reply to one question, in bytes: some hundred replicas.
const REPLY_MAX: usize = 1024 * 1024;

/// Asks for everything about the master of this name, in one write.
pub(super) async fn ask(link: &mut Link, master_name: &str) -> Result<Report, SentinelFault> {
    let name = master_name.as_bytes();
    let questions: [&[&[u8]]; 5] = [
        &[b"SENTINEL", b"MYID"],
        &[b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", name],
        &[b"SENTINEL", b"MASTER", name],
        &[b"SENTINEL", b"REPLICAS", name],
        &[b"SENTINEL", b"SENTINELS", name],
    ];
    let replies = link.ask(&questions, REPLY_MAX).await?;
    read(&replies, master_name)
}

/// Reads the replies.
fn read(replies: &[BytesFrame], master_name: &str) -> Result<Report, SentinelFault> {
    let [id, addr, master, replicas, sentinels] = replies else {
        return Err(SentinelFault::Report(ReportError::Field("flags")));
    };
    let of_addr = accepted("SENTINEL GET-MASTER-ADDR-BY-NAME", addr)?;
    let [host, port] = items(of_addr) else {
        return Err(SentinelFault::UnknownMaster(master_name.to_owned()));
    };
    let (host, port) = (text(host).unwrap_or_default(), text(port).unwrap_or_default());
    let master = fields(accepted("SENTINEL MASTER", master)?);
    let list = |command, reply| accepted(command, reply).map(|it| items(it).iter().map(fields));
    let replicas: Vec<_> = list("SENTINEL REPLICAS", replicas)?.collect();
    let sentinels: Vec<_> = list("SENTINEL SENTINELS", sentinels)?.collect();
    // A Sentinel before Redis 6.2 does not report its id, and is known by its address.
    let id = text(id).map(|id| word(&id));
    Report::read(id.as_deref(), Some((&*host, &*port)), &master, (&replicas, &sentinels))
        .map_err(SentinelFault::Report)
}

/// The reply, unless it is an error.
fn accepted<'r>(
    command: &'static str,
    reply: &'r BytesFrame,
) -> Result<&'r BytesFrame, SentinelFault> {
    let BytesFrame::Error(error) = reply else { return Ok(reply) };
    let reply = brief(error);
    Err(if reply.to_ascii_lowercase().starts_with("err unknown command") {
        SentinelFault::NotASentinel(reply)
    } else {
        SentinelFault::Refused { command, reply }
    })
}

/// An array of names and values.
fn fields(reply: &BytesFrame) -> Fields {
    let pairs = items(reply).chunks_exact(2);
    pairs.filter_map(|pair| Some((word(&text(&pair[0])?), word(&text(&pair[1])?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> BytesFrame {
        BytesFrame::BulkString(text.to_owned().into())
    }

    fn array(words: &str) -> BytesFrame {
        BytesFrame::Array(words.split(' ').map(bulk).collect())
    }

    fn error(text: &str) -> BytesFrame {
        BytesFrame::Error(text.to_owned().into())
    }

    fn replies() -> Vec<BytesFrame> {
        let master = "ip 10.0.0.1 port 6379 runid ab flags master config-epoch 3 quorum 2";
        let replica = "ip 10.0.0.2 port 6379 runid cd flags slave";
        let sentinel = "ip 10.0.0.8 port 26379 runid ef flags sentinel";
        vec![
            bulk("0123"),
            array("10.0.0.1 6379"),
            array(master),
            BytesFrame::Array(vec![array(replica)]),
            BytesFrame::Array(vec![array(sentinel)]),
        ]
    }

    fn why(replies: &[BytesFrame]) -> String {
        read(replies, "mymaster").expect_err("it is no report").to_string()
    }

    #[test]
    fn reads_a_whole_report() {
        let report = read(&replies(), "mymaster").expect("it is complete");
        assert_eq!((report.run_id.as_deref(), report.epoch), (Some("0123"), 3));
        assert_eq!(report.master.to_string(), "10.0.0.1:6379");
        assert_eq!(report.replicas.len() + report.others.len(), 2);
        let mut old = replies();
        old[0] = error("ERR Unknown sentinel subcommand 'MYID'");
        assert_eq!(read(&old, "mymaster").expect("it is complete").run_id, None);
    }

    #[test]
    fn says_what_is_wrong() {
        let mut other = replies();
        other[1] = BytesFrame::Null;
        other[2] = error("ERR No such master with that name");
        let expected = "watches no master named \"mymaster\": set topology.master-name";
        assert_eq!(why(&other), expected);
        let server = vec![error("ERR unknown command 'SENTINEL', with args beginning with:"); 5];
        assert!(why(&server).starts_with("is not a Sentinel: "), "{}", why(&server));
        let mut refused = replies();
        refused[3] = error("NOPERM this user has no permissions");
        assert!(
            why(&refused).starts_with("refuses SENTINEL REPLICAS: NOPERM"),
            "{}",
            why(&refused)
        );
        assert!(why(&[]).starts_with("gives no report"));
    }
}
