//! What the servers say, read and misread.

use bytes::Bytes;
use proptest::prelude::*;

use super::super::frame::decode;
use super::*;
use crate::config::HostPort;
use crate::topology::{LinkState, ServerRole};

const SERVER: &str = "# Server\r\nredis_version:7.2.4\r\nrun_id:abc\r\n";
const HELLO: &str = "*4\r\n$6\r\nserver\r\n$6\r\nvalkey\r\n$7\r\nversion\r\n$5\r\n9.1.0\r\n";

fn frame(reply: &str) -> BytesFrame {
    decode(&Bytes::copy_from_slice(reply.as_bytes())).unwrap()
}

fn bulk(text: &str) -> BytesFrame {
    BytesFrame::BulkString(Bytes::copy_from_slice(text.as_bytes()))
}

fn observed(role: &str, hello: &str, rest: [&str; 2]) -> Result<Observation, AnswerError> {
    observe(&[frame(role), frame(hello), bulk(SERVER), bulk(rest[0]), bulk(rest[1])])
}

#[test]
fn a_master_lists_its_replicas() {
    let role = "*3\r\n$6\r\nmaster\r\n:14\r\n*3\r\n\
        *3\r\n$9\r\n127.0.0.1\r\n$4\r\n6380\r\n$2\r\n14\r\n\
        *3\r\n$3\r\n::1\r\n$4\r\n6381\r\n$2\r\n14\r\n\
        *3\r\n$1\r\n?\r\n$1\r\n0\r\n$1\r\n0\r\n";
    let said = observed(role, HELLO, ["master_replid:r\r\n", "loading:0\r\n"]).unwrap();
    let replicas = vec![HostPort::local(6380), "[::1]:6381".parse().unwrap()];
    assert_eq!(said.role, ServerRole::Master { replicas });
    assert_eq!((said.run_id.as_str(), said.replid.as_str(), said.loading), ("abc", "r", false));
    let version = |name: &str, version: &str| (name.to_owned(), version.to_owned());
    assert_eq!((said.version.name, said.version.version), version("valkey", "9.1.0"));
}

#[test]
fn a_replica_names_its_master_and_its_link() {
    for (word, link) in [
        ("connected", LinkState::Up),
        ("sync", LinkState::Syncing),
        ("connecting", LinkState::Down),
        ("handshake", LinkState::Down),
    ] {
        let len = word.len();
        let role =
            format!("*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:6379\r\n${len}\r\n{word}\r\n:-1\r\n");
        let said = observed(&role, "-ERR unknown command\r\n", ["", "loading:1\r\n"]).unwrap();
        assert_eq!(said.role, ServerRole::Replica { master: HostPort::local(6379), link });
        assert!(said.loading);
        assert_eq!((&*said.version.name, &*said.version.version), ("redis", "7.2.4"));
    }
}

#[test]
fn info_speaks_for_role_while_loading() {
    let info = "role:slave\r\nmaster_host:redis-0\r\nmaster_port:6379\r\n\
        master_link_status:down\r\nmaster_sync_in_progress:1\r\n";
    let loading = "-LOADING Redis is loading the dataset in memory\r\n";
    let said = observed(loading, HELLO, [info, "loading:1\r\n"]).unwrap();
    let master = "redis-0:6379".parse().unwrap();
    assert_eq!(said.role, ServerRole::Replica { master, link: LinkState::Syncing });
}

#[test]
fn refusals_are_told_in_the_servers_words() {
    let error = observed("-NOPERM no ROLE\r\n", HELLO, ["", ""]).unwrap_err();
    assert_eq!(error.to_string(), "ROLE was refused: NOPERM no ROLE");
    let error = observe(&[frame("*0\r\n"), frame(HELLO), frame("-NOPERM no\u{7} INFO\r\n")]);
    assert_eq!(error.unwrap_err().to_string(), "INFO was refused: NOPERM no INFO");
    assert_eq!(observed("*0\r\n", HELLO, ["", ""]), Err(AnswerError::Nonsense("ROLE")));
}

fn any_frame() -> impl Strategy<Value = BytesFrame> {
    let word = prop_oneof![
        Just("master".to_owned()),
        Just("slave".to_owned()),
        Just("role:slave\nmaster_host:a\nmaster_port:1".to_owned()),
        Just("connected".to_owned()),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        word.clone().prop_map(|word| bulk(&word)),
        word.prop_map(|word| BytesFrame::Error(word.into())),
        any::<i64>().prop_map(BytesFrame::Integer),
        Just(BytesFrame::Null),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop::collection::vec(inner, 0..6).prop_map(BytesFrame::Array)
    })
}

proptest! {
    #[test]
    fn takes_any_frames(replies in prop::collection::vec(any_frame(), 0..6)) {
        if let Err(error) = observe(&replies) {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }
}
