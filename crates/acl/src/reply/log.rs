//! The reply to `ACL LOG`, with the fields that Redis has from 7.2 on.

use tidegate_wire::resp::{RespVersion, encode};

use crate::log::{AclLog, LogEntry};

pub(super) fn write(
    out: &mut Vec<u8>,
    version: RespVersion,
    log: &AclLog,
    count: usize,
    now_ms: u64,
) {
    let count = count.min(log.entries().len());
    encode::array(out, count);
    for entry in log.entries().take(count) {
        write_entry(out, version, entry, now_ms);
    }
}

fn write_entry(out: &mut Vec<u8>, version: RespVersion, entry: &LogEntry, now_ms: u64) {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let texts: [(&str, &[u8]); 4] = [
        ("reason", entry.refused.name().as_bytes()),
        ("context", entry.context.name().as_bytes()),
        ("object", &entry.object),
        ("username", &entry.username),
    ];
    encode::map(out, version, 10);
    encode::bulk(out, b"count");
    encode::integer(out, number(entry.count));
    for (name, text) in texts {
        encode::bulk(out, name.as_bytes());
        encode::bulk(out, text);
    }
    encode::bulk(out, b"age-seconds");
    seconds(out, version, now_ms.saturating_sub(entry.updated));
    encode::bulk(out, b"client-info");
    encode::bulk(out, entry.client_info.as_bytes());
    let numbers = [
        ("entry-id", entry.id),
        ("timestamp-created", entry.created),
        ("timestamp-last-updated", entry.updated),
    ];
    for (name, value) in numbers {
        encode::bulk(out, name.as_bytes());
        encode::integer(out, number(value));
    }
}

/// Writes a time in seconds: a double to RESP3, a bulk string to RESP2.
fn seconds(out: &mut Vec<u8>, version: RespVersion, ms: u64) {
    let mut text = format!("{}.{:03}", ms / 1000, ms % 1000);
    text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    match version {
        RespVersion::V2 => encode::bulk(out, text.as_bytes()),
        RespVersion::V3 => out.extend_from_slice(format!(",{text}\r\n").as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_no_needless_digits() {
        let text = |ms| {
            let mut out = Vec::new();
            seconds(&mut out, RespVersion::V3, ms);
            String::from_utf8(out).expect("ASCII")
        };
        let texts = [0, 7, 100, 1_230, 60_000].map(text);
        assert_eq!(texts, [",0\r\n", ",0.007\r\n", ",0.1\r\n", ",1.23\r\n", ",60\r\n"]);
    }
}
