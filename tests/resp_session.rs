//! What the session reads out of servers' replies and clients' requests, given any bytes at all.

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate::session::cursor::{Cursor, tag_reply, with_cursor};
use tidegate::session::{Queued, exec};
use tidegate_wire::resp::reply::reply_len;
use tidegate_wire::resp::{Args, encode};

fn noise() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        8 => prop::sample::select(vec![
            &b"\r\n"[..], b"\r", b"\n", b"*2\r\n$", b"*2\r\n$1\r\n7\r\n*0\r\n", b"*", b"$", b"0",
            b"17", b"-1", b"+OK\r\n", b":1\r\n", b"$1\r\nx\r\n", b"*1\r\n", b"*0\r\n", b"_\r\n",
            b"8589934592", b"9223372036854775807", b"*1099511627776\r\n", b"|1\r\n",
        ]).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 1..4),
    ];
    prop_oneof![
        3 => vec(token, 0..16).prop_map(|tokens| tokens.concat()),
        1 => vec(any::<u8>(), 0..64),
    ]
}

/// Any bytes that are one complete reply: `exec` and `cursor` are given nothing else.
fn reply() -> impl Strategy<Value = Vec<u8>> {
    noise().prop_filter_map("no complete reply", |mut bytes| {
        bytes.truncate(reply_len(&bytes)?);
        Some(bytes)
    })
}

fn places() -> impl Strategy<Value = Vec<(usize, Queued)>> {
    prop::collection::btree_set(0_usize..6, 0..4)
        .prop_map(|places| places.into_iter().map(|at| (at, Queued::Select(1))).collect())
}

proptest! {
    #[test]
    fn an_exec_reply_stays_one_reply(reply in reply(), places in places()) {
        prop_assert_eq!(&exec::rewrite(reply.clone(), &places, |_, _| None), &reply);
        let out = exec::rewrite(reply, &places, |_, element| {
            assert_eq!(reply_len(element), Some(element.len()));
            Some(b":7\r\n".to_vec())
        });
        prop_assert_eq!(reply_len(&out), Some(out.len()));
    }

    #[test]
    fn a_tagged_reply_stays_one_reply(reply in reply(), tag in any::<u32>()) {
        let out = tag_reply(reply.clone(), tag);
        prop_assert_eq!(reply_len(&out), Some(out.len()));
        prop_assert_eq!(tag_reply(reply.clone(), 0), reply);
    }

    #[test]
    fn any_cursor_comes_back(own in 1_u64..1 << 33, tag in 1_u32..1 << 20) {
        let mut reply = Vec::new();
        encode::array(&mut reply, 2);
        encode::bulk(&mut reply, own.to_string().as_bytes());
        encode::array(&mut reply, 0);
        let tagged = tag_reply(reply, tag);
        prop_assert_eq!(Cursor::parse(Args::new(&tagged).at(0).expect("cursor")),
            Cursor::Resume { tag, own });
    }

    #[test]
    fn any_bytes_are_survived(bytes in noise(), index in 0_usize..6, number in any::<u64>()) {
        let _ = Cursor::parse(&bytes);
        let _ = tag_reply(bytes.clone(), 5);
        let words = Args::new(&bytes).to_vec();
        let out = with_cursor(&bytes, index, number);
        let after = Args::new(&out).to_vec();
        prop_assert_eq!(after.len(), words.len());
        for (at, (before, after)) in words.iter().zip(after).enumerate() {
            let text = number.to_string();
            prop_assert_eq!(after, if at == index { text.as_bytes() } else { before });
        }
    }
}

/// Found by fuzzing: the cursor ends where its length says, not at the first CR.
#[test]
fn a_cursor_with_a_cr_is_none() {
    let reply = b"*2\r\n$2\r\n1\r\r\n*0\r\n".to_vec();
    assert_eq!(tag_reply(reply.clone(), 9), reply);
}
