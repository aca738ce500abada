//! What servers answer when they are asked how far they are.

/// The question to a master: its answer is short, and gives the offset of its history.
pub const ASK_MASTER: &[u8] = b"*1\r\n$4\r\nROLE\r\n";

/// The question to a replica: its answer gives replication id and offset of one moment.
pub const ASK_REPLICA: &[u8] = b"*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n";

/// The offset in a master's reply to [`ASK_MASTER`], or to [`ASK_REPLICA`] where its login may not
/// run ROLE; `None` if the server is no master.
#[must_use]
pub fn offset_of_master(reply: &[u8]) -> Option<u64> {
    if let Some(rest) = reply.strip_prefix(b"*3\r\n$6\r\nmaster\r\n:") {
        return number(rest);
    }
    let is_master = field(reply, b"\nrole:") == Some(b"master");
    number(field(reply, b"\nmaster_repl_offset:").filter(|_| is_master)?)
}

/// The replication id and the offset in a replica's reply to [`ASK_REPLICA`]; `None` if it is no
/// replica, or its data is not complete.
#[must_use]
pub fn place_of_replica(reply: &[u8]) -> Option<(&[u8], u64)> {
    let field = |name| field(reply, name);
    let is_replica = field(b"\nrole:") == Some(b"slave");
    let syncs = field(b"\nmaster_sync_in_progress:").is_some_and(|it| it != b"0");
    let replid = field(b"\nmaster_replid:").filter(|it| !it.is_empty())?;
    let offset = number(field(b"\nslave_repl_offset:")?)?;
    (is_replica && !syncs).then_some((replid, offset))
}

/// The value of a field of INFO; `name` is its name between a line feed and a colon.
fn field<'a>(info: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(info, name)?;
    let value = &info[at + name.len()..];
    let end = memchr::memchr2(b'\r', b'\n', value)?;
    Some(&value[..end])
}

fn number(digits: &[u8]) -> Option<u64> {
    let end = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_wire::resp::Args;

    #[test]
    fn the_questions_are_requests() {
        let words = |frame| Args::new(frame).map(<[u8]>::to_vec).collect::<Vec<_>>();
        assert_eq!(words(ASK_MASTER), [b"ROLE".to_vec()]);
        assert_eq!(words(ASK_REPLICA), [b"INFO".to_vec(), b"replication".to_vec()]);
    }

    #[test]
    fn a_master_tells_its_offset() {
        assert_eq!(offset_of_master(b"*3\r\n$6\r\nmaster\r\n:3129\r\n*0\r\n"), Some(3129));
        let replica = b"*5\r\n$5\r\nslave\r\n$1\r\nh\r\n:1\r\n$9\r\nconnected\r\n:3129\r\n";
        assert_eq!(offset_of_master(replica), None);
        assert_eq!(offset_of_master(b"-NOPERM this user\r\n"), None);
        assert_eq!(offset_of_master(b"*3\r\n$6\r\nmaster\r\n:-1\r\n*0\r\n"), None);
        let info = b"$60\r\n# Replication\r\nrole:master\r\nmaster_repl_offset:77\r\n\r\n";
        assert_eq!(offset_of_master(info), Some(77));
    }

    #[test]
    fn a_replica_tells_its_place_while_its_data_is_complete() {
        let info = |role: &str, sync: u8| {
            format!(
                "$99\r\n# Replication\r\nrole:{role}\r\nmaster_sync_in_progress:{sync}\r\n\
                 slave_read_repl_offset:990\r\nslave_repl_offset:980\r\nmaster_replid:abc\r\n\
                 master_replid2:000\r\nmaster_repl_offset:981\r\n\r\n"
            )
        };
        let place = |info: String| {
            place_of_replica(info.as_bytes())
                .map(|(id, offset)| (String::from_utf8_lossy(id).into_owned(), offset))
        };
        assert_eq!(place(info("slave", 0)), Some(("abc".to_owned(), 980)));
        assert_eq!(place(info("slave", 1)), None);
        assert_eq!(place(info("master", 0)), None);
        assert_eq!(place_of_replica(b"-NOPERM\r\n"), None);
    }
}
