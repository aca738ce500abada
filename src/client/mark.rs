//! The mark in the master's stream that makes a connection's WAIT cover all that was written
//! before, over whichever connection. Bytes only: knows nobody who waits.

/// The first of two requests in front of a WAIT.
///
/// WAIT compares with the offset that the server keeps for its client. Measured with replicas
/// stopped and a write over another connection: Redis 6.2 and 7.0 set that offset with every
/// command (after PING, WAIT 2 gives 0), Redis 8.2 and Valkey 9.1 only with one that was propagated
/// (after PING, INFO or HELLO, WAIT 2 gives 2 at once, for whatever stands in the stream). A message
/// on a shard channel is propagated and changes nothing, and no pattern subscriber hears it. It is
/// not in the AOF, and WAITAOF counts on past it all the same.
pub(super) const TOUCH: &[u8] = b"*1\r\n$4\r\nPING\r\n";

/// The second; see [`TOUCH`].
pub(super) const MARKER: &[u8] = b"*3\r\n$8\r\nSPUBLISH\r\n$13\r\n__tidegate:w_\r\n$0\r\n\r\n";

/// Why WAIT can't be believed after this reply to [`MARKER`]: the server did not take it. One that
/// is too old (6.2) to know it does not need it.
pub(super) fn refusal(reply: &[u8]) -> Option<String> {
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
}
