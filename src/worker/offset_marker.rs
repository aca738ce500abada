//! The marker in the master's stream that makes the WAIT of one connection cover all earlier writes
//! of all connections.

/// The first of two requests in front of a WAIT.
///
/// WAIT compares with the offset that the server keeps for its client. Measured with replicas
/// stopped and a write over another connection: Redis 6.2 and 7.0 set that offset with every
/// command (after PING, WAIT 2 gives 0), Redis 8.2 and Valkey 9.1 only with one that was propagated
/// (after PING, INFO or HELLO, WAIT 2 gives 2 at once, for whatever stands in the stream). A
/// message on a shard channel is propagated and changes nothing, and no pattern subscriber hears
/// it. It is not in the AOF, and WAITAOF counts on past it all the same, as long as there is a
/// replication backlog; see [`AOF_MARKER`].
pub(crate) const TOUCH: &[u8] = b"*1\r\n$4\r\nPING\r\n";

/// The second; see [`TOUCH`].
pub(crate) const MARKER: &[u8] = b"*3\r\n$8\r\nSPUBLISH\r\n$13\r\n__tidegate:w_\r\n$0\r\n\r\n";

/// What WAITAOF needs in place of [`MARKER`] at a master without a replication backlog.
///
/// Such a master propagates nothing that is only for replicas, so a message does not move the
/// offset. Measured with `appendfsync no`, on Redis 8.2 and Valkey 9.1: WAITAOF 1 behind SPUBLISH
/// gives 1 at once, behind this it gives 0. A database that is swapped with itself changes nothing,
/// and goes into the AOF.
pub(crate) const AOF_MARKER: &[u8] = b"*3\r\n$6\r\nSWAPDB\r\n$1\r\n0\r\n$1\r\n0\r\n";

/// The question whether there is a backlog.
pub(crate) const BACKLOG: &[u8] = b"*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n";

/// Whether the reply to [`BACKLOG`] says that there is one.
pub(crate) fn has_backlog(info: &[u8]) -> bool {
    memchr::memmem::find(info, b"\nrepl_backlog_active:1\r").is_some()
}

/// Why WAITAOF can't be believed after this reply to [`AOF_MARKER`] or [`BACKLOG`].
pub(crate) fn aof_refusal(command: &str, reply: &[u8]) -> Option<String> {
    let words = String::from_utf8_lossy(reply.strip_prefix(b"-")?.trim_ascii_end());
    Some(format!("WAITAOF needs masteruser's leave to {command}: {words}"))
}

/// Why WAIT can't be believed after this reply to [`MARKER`]: the server did not take it. One that
/// is too old (6.2) to know it does not need it.
pub(crate) fn refusal(reply: &[u8]) -> Option<String> {
    let refused = reply.strip_prefix(b"-").filter(|w| !w.starts_with(b"ERR unknown command"))?;
    let words = String::from_utf8_lossy(refused.trim_ascii_end());
    Some(format!("WAIT needs masteruser's leave to SPUBLISH to __tidegate:w_: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_knows_the_marker_can_refuse_it() {
        assert_eq!(refusal(b":0\r\n"), None);
        assert_eq!(refusal(b"-ERR unknown command `SPUBLISH`, with args\r\n"), None);
        let refused = refusal(b"-NOPERM no channel\r\n").expect("refused");
        assert!(refused.ends_with(": NOPERM no channel"), "{refused}");
    }

    #[test]
    fn the_backlog_is_seen_and_a_refused_aof_marker_is_told() {
        assert!(has_backlog(b"$9\r\n# R\r\nrepl_backlog_active:1\r\nx:1\r\n\r\n"));
        assert!(!has_backlog(b"$9\r\n# R\r\nrepl_backlog_active:0\r\nx:1\r\n\r\n"));
        assert_eq!(aof_refusal("SWAPDB", b"+OK\r\n"), None);
        // A server that has renamed the command cannot move its offset.
        let refused = aof_refusal("SWAPDB", b"-ERR unknown command `SWAPDB`\r\n");
        assert!(refused.expect("refused").contains("unknown command"));
    }
}
