//! The handshake with masters of all kinds, however their answers are cut up.

use proptest::prelude::*;

use super::super::handshake_error::Retry;
use super::*;

const ID: &str = "8f3a5b9bd0d8e3a4f9c2f8e1a7c6b5d4e3f2a1b0";

/// The outcome of the handshake, what the replica sent, and how many bytes were left.
type Heard = (Result<Option<Outcome>, HandshakeError>, String, usize);

/// Lets a master send `words` in pieces of `cut` bytes. Returns the outcome, what the replica sent,
/// and how many bytes were left.
fn shake(introduction: Introduction, ask: Ask, words: &[u8], cut: usize) -> Heard {
    let mut out = Vec::new();
    let mut handshake = Handshake::begin(introduction, ask, &mut out);
    let mut left = words.len();
    let mut outcome = Ok(None);
    for piece in words.chunks(cut) {
        match handshake.feed(piece, &mut out) {
            Ok(progress) => {
                left -= progress.consumed;
                outcome = Ok(progress.outcome);
                if progress.outcome.is_some() {
                    break;
                }
            }
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    (outcome, String::from_utf8(out).unwrap(), left)
}

fn plain(words: &str) -> Heard {
    shake(Introduction { port: 6390, ..Introduction::default() }, Ask::Full, words.as_bytes(), 7)
}

fn rest() -> Ask {
    Ask::Rest { replid: ID.parse().unwrap(), first: ReplOffset::new(8) }
}

const BURST: &str = "*3\r\n$8\r\nREPLCONF\r\n$14\r\nlistening-port\r\n$4\r\n6390\r\n\
    *7\r\n$8\r\nREPLCONF\r\n$4\r\ncapa\r\n$3\r\neof\r\n$4\r\ncapa\r\n$6\r\npsync2\r\n$4\r\ncapa\r\n$8\r\ntidegate\r\n\
    *3\r\n$8\r\nREPLCONF\r\n$7\r\nversion\r\n$5\r\n9.0.0\r\n\
    *3\r\n$6\r\nCONFIG\r\n$3\r\nGET\r\n$7\r\n*-max-*\r\n\
    *2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n";
const PSYNC: &str = "*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n";
const OK3: &str = "+PONG\r\n+OK\r\n+OK\r\n-ERR Unrecognized REPLCONF option: version\r\n\
    *2\r\n$20\r\nhash-max-ziplist-len\r\n\n$1\r\n7\r\n\
    $17\r\n# Server\r\n\r\na:1\r\n\r\n";

#[test]
fn a_full_resync() {
    let (outcome, said, left) = plain(&format!("{OK3}\n\n+FULLRESYNC {ID} 1234\r\n"));
    let position = Position { replid: ID.parse().unwrap(), offset: ReplOffset::new(1234) };
    assert_eq!((outcome, left), (Ok(Some(Outcome::Full(Some(position)))), 0));
    assert_eq!(said, format!("*1\r\n$4\r\nPING\r\n{BURST}{PSYNC}"));
    for malformed in ["", " ", " abc", " abc 5", &format!(" {ID}"), &format!(" {ID} -1")] {
        let (outcome, _, _) = plain(&format!("{OK3}+FULLRESYNC{malformed}\r\n"));
        assert_eq!(outcome, Ok(Some(Outcome::Full(None))), "{malformed:?}");
    }
}

#[test]
fn a_replica_introduces_itself_in_one_burst() {
    let introduction = Introduction {
        user: "replica".to_owned(),
        password: Secret::new("secret"),
        port: 6390,
        ip: Some("10.0.0.9".to_owned()),
    };
    let words = b"-NOAUTH Authentication required.\r\n";
    let (outcome, said, _) = shake(introduction.clone(), rest(), words, 100);
    assert_eq!(outcome, Ok(None));
    let (auth, address) = (
        "*3\r\n$4\r\nAUTH\r\n$7\r\nreplica\r\n$6\r\nsecret\r\n",
        "*3\r\n$8\r\nREPLCONF\r\n$10\r\nip-address\r\n$8\r\n10.0.0.9\r\n",
    );
    let (port, others) = BURST.split_once("*7").unwrap();
    assert_eq!(said, format!("*1\r\n$4\r\nPING\r\n{auth}{port}{address}*7{others}"));

    let words =
        format!("-NOAUTH x\r\n{}+CONTINUE\r\n*1", "+OK\r\n".repeat(5) + "*0\r\n-NOPERM x\r\n");
    let (outcome, said, left) = shake(introduction.clone(), rest(), words.as_bytes(), 1000);
    assert_eq!((outcome, left), (Ok(Some(Outcome::Continue(None))), 2));
    assert!(said.ends_with(&format!("*3\r\n$5\r\nPSYNC\r\n$40\r\n{ID}\r\n$1\r\n8\r\n")));

    let default = Introduction { user: String::new(), ..introduction };
    let (_, said, _) = shake(default, rest(), b"+PONG\r\n", 100);
    assert!(said.contains("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n"));
}

#[test]
fn a_partial_resync() {
    for (answer, replid) in [
        ("+CONTINUE".to_owned(), None),
        (format!("+CONTINUE {ID}"), Some(ID.parse().unwrap())),
        ("+CONTINUE zz".to_owned(), None),
    ] {
        let words = format!("{OK3}{answer}\r\n");
        let (outcome, _, _) = shake(Introduction::default(), rest(), words.as_bytes(), 9);
        assert_eq!(outcome, Ok(Some(Outcome::Continue(replid))), "{answer}");
    }
    let (outcome, _, _) = plain(&format!("{OK3}+CONTINUE\r\n"));
    let error = outcome.unwrap_err();
    assert_eq!(error, unexpected(Step::Psync, "+CONTINUE"));
    assert_eq!(error.retry(), Retry::Slowly, "what was not asked for cannot be continued");
}

#[test]
fn an_old_master_is_asked_the_old_way() {
    for answer in ["-ERR unknown command 'PSYNC'", "-ERR x", "+WHATEVER", "?"] {
        let (outcome, said, _) = plain(&format!("{OK3}{answer}\r\n"));
        assert_eq!(outcome, Ok(Some(Outcome::Full(None))), "{answer}");
        assert!(said.ends_with(&format!("{PSYNC}SYNC\r\n")));
    }
}

#[test]
fn refusals_name_the_step_and_say_when_to_come_back() {
    let introduction = Introduction { password: Secret::new("wrong"), ..Introduction::default() };
    for (words, step, retry) in [
        ("-LOADING Redis is loading the dataset in memory".to_owned(), Step::Ping, Retry::Soon),
        ("-ERR max number of clients reached".to_owned(), Step::Ping, Retry::Soon),
        ("-DENIED Redis is running in protected mode".to_owned(), Step::Ping, Retry::TellOperator),
        ("-NOAUTH x\r\n-WRONGPASS invalid pair".to_owned(), Step::Auth, Retry::TellOperator),
        (format!("+PONG\r\n+OK\r\n{OK2}-NOMASTERLINK Can't SYNC"), Step::Psync, Retry::Soon),
        (format!("+PONG\r\n+OK\r\n{OK2}-LOADING x"), Step::Psync, Retry::Soon),
        (format!("+PONG\r\n+OK\r\n{OK2}-NOPERM no psync"), Step::Psync, Retry::TellOperator),
    ] {
        let words = format!("{words}\r\n");
        let (outcome, said, _) = shake(introduction.clone(), rest(), words.as_bytes(), 11);
        let error = outcome.unwrap_err();
        assert!(
            matches!(&error, HandshakeError::Refused { step: at, .. } if *at == step),
            "{error}"
        );
        assert_eq!(error.retry(), retry, "{error}");
        assert!(!said.contains("SYNC\r\nSYNC") && !error.to_string().contains('-'));
    }
}

const OK2: &str = "-NOAUTH x\r\n-NOAUTH x\r\n-NOAUTH x\r\n-NOPERM x\r\n-NOPERM x\r\n";

#[test]
fn a_server_that_is_no_master_is_recognised() {
    for words in ["HTTP/1.1 400 Bad Request\r\n", ":1\r\n", "+PONG\r\n$3\r\nabc\r\n"] {
        let error = plain(words).0.unwrap_err();
        assert!(matches!(error, HandshakeError::Unexpected { .. }), "{error}");
        assert_eq!(error.retry(), Retry::Slowly);
    }
    let error = plain(&format!("+{}", "x".repeat(1100))).0.unwrap_err();
    assert_eq!(error, HandshakeError::Endless { step: Step::Ping });
}

proptest! {
    /// However the answers are cut up, the replica sends and understands the same.
    #[test]
    fn cuts_change_nothing(
        lines in prop::collection::vec(
            prop_oneof![
                "\\+OK", "", "-ERR x", "-NOAUTH x", "-LOADING x", "\\+PONG", "[ -~]{0,20}",
                Just(format!("+FULLRESYNC {ID} 5")), Just(format!("+CONTINUE {ID}")),
            ],
            0..9,
        ),
        cut in 1_usize..40,
        full in any::<bool>(),
    ) {
        let words: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let ask = if full { Ask::Full } else { rest() };
        let introduction = Introduction::default;
        let whole = shake(introduction(), ask, words.as_bytes(), words.len().max(1));
        prop_assert_eq!(shake(introduction(), ask, words.as_bytes(), cut).1, whole.1);
        let again = shake(introduction(), ask, words.as_bytes(), cut);
        prop_assert_eq!(&again.0, &whole.0);
        if whole.0.is_ok() {
            prop_assert_eq!(again.2, whole.2);
        }
    }
}
