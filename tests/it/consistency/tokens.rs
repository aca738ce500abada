//! PROXY TOKEN and PROXY WAITFOR: one connection's data for another connection or proxy.

use super::{Lagging, Text};
use crate::support::*;

#[test]
fn a_token_carries_what_was_written_to_another_proxy() {
    let servers = Lagging::spawn(Flavor::Redis70);
    let (here, there) = (servers.proxy("session"), servers.proxy("session"));
    let (mut writer, mut reader) = (here.wire(), there.wire());
    let mut read_old = 0;
    for number in 0..20 {
        let value = number.to_string();
        writer.cmd(&["SET", "k", &value]).ok();
        let token = writer.cmd(&["PROXY", "TOKEN"]).str().to_owned();
        let mut without = there.wire();
        read_old += usize::from(without.cmd(&["GET", "k"]).text() != Some(value.clone()));
        reader.cmd(&["PROXY", "WAITFOR", &token, "1000"]).ok();
        assert_eq!(reader.cmd(&["GET", "k"]).text(), Some(value.clone()));
        let mut reconnected = there.wire();
        let replies = reconnected.pipeline(&[&["PROXY", "WAITFOR", &token, "1000"], &["GET", "k"]]);
        replies[0].ok();
        assert_eq!(replies[1].text(), Some(value));
    }
    assert!(read_old > 0, "without a token another proxy reads old data");
}

/// What a session has read counts, too, at every level.
#[test]
fn a_token_carries_what_was_read() {
    let servers = Lagging::spawn(Flavor::Redis70);
    for level in ["bounded", "session", "global", "strong"] {
        let (proxy, other) = (servers.proxy(level), servers.proxy("session"));
        let (mut reader, mut direct) = (proxy.wire(), servers.trio.master.wire());
        for number in 0..5 {
            let value = format!("{level}{number}");
            direct.cmd(&["SET", "k", &value]).ok();
            eventually(PATIENCE, || match reader.cmd(&["GET", "k"]).text() {
                Some(seen) if seen == value => Ok(()),
                other => Err(format!("{other:?}")),
            });
            let token = reader.cmd(&["PROXY", "TOKEN"]).str().to_owned();
            let mut second = other.wire();
            second.cmd(&["PROXY", "WAITFOR", &token, "1000"]).ok();
            assert_eq!(second.cmd(&["GET", "k"]).text(), Some(value));
        }
    }
}

#[test]
fn a_token_that_means_nothing_here_is_refused() {
    let trio = Trio::spawn(Flavor::Redis70);
    let proxy = Tidegate::for_trio(&trio).set("reads", "consistency", "\"session\"").start();
    let mut wire = proxy.wire();
    let other = format!("{}:5", "a".repeat(40));
    let error = wire.cmd(&["PROXY", "WAITFOR", &other, "20"]);
    assert!(error.err().starts_with("ERR This token's data are not known here"), "{error:?}");
    for wrong in ["", "x", "abc:5", &format!("{}:-1", "a".repeat(40))] {
        let error = wire.cmd(&["PROXY", "WAITFOR", wrong, "20"]);
        assert!(error.err().starts_with("ERR a token is"), "{error:?}");
    }
    assert!(wire.cmd(&["PROXY", "WAITFOR", &other, "-1"]).is_err());
    assert!(wire.cmd(&["PROXY", "WAITFOR", &other, "soon"]).is_err());
    assert_eq!(wire.cmd(&["SET", "k", "v"]).str(), "OK");
    let token = wire.cmd(&["PROXY", "TOKEN"]).str().to_owned();
    let (replid, offset) = token.split_once(':').unwrap();
    assert_eq!(Some(replid), trio.master.info("replication").get("master_replid"));
    assert!(offset.parse::<i64>().unwrap() <= trio.master.offset());
    let bounded = Tidegate::for_trio(&trio).set("reads", "consistency", "\"bounded\"").start();
    let error = bounded.wire().cmd(&["PROXY", "WAITFOR", &token, "20"]);
    assert!(error.err().contains("needs a session of level session or global"), "{error:?}");
}
