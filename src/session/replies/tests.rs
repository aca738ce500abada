//! Replies in the order of their requests, whatever the order in which they come.

use super::*;
use proptest::prelude::*;

fn ready(replies: &mut Replies) -> &[u8] {
    replies.ready().0
}

#[test]
fn the_usual_size_rises_at_once_and_falls_slowly() {
    let mut replies = Replies::default();
    let a = replies.open(100, true);
    replies.deliver(a, 10, &[b'x'; 1000]).expect("owed");
    assert_eq!(replies.usual_size(), 100);
    replies.deliver_part(a + 10, &[b'x'; 5000]).expect("owed");
    assert_eq!(replies.usual_size(), 5000);
    replies.deliver(a + 10, 1, &[b'x'; 3000]).expect("owed");
    assert_eq!(replies.usual_size(), 8000);
    for n in 0..80 {
        assert!(replies.usual_size() > 100 || n > 20);
        replies.deliver(a + 11 + n, 1, &[b'x'; 100]).expect("owed");
    }
    assert!(replies.usual_size() < 120, "{}", replies.usual_size());
}

#[test]
fn replies_leave_in_the_order_of_the_requests() {
    let mut replies = Replies::default();
    let a = replies.open(2, true);
    replies.local(true, |out| out.extend_from_slice(b"L"));
    let b = replies.open(1, true);
    replies.deliver(b, 1, b"B").expect("owed");
    assert_eq!(ready(&mut replies), b"");
    replies.deliver(a, 1, b"A1").expect("owed");
    assert_eq!(ready(&mut replies), b"A1");
    replies.deliver_part(a + 1, b"A").expect("owed");
    assert!(replies.has_begun(a + 1));
    replies.deliver(a + 1, 1, b"2").expect("owed");
    assert_eq!(ready(&mut replies), b"A1A2LB");
    assert!(replies.is_settled());
    assert_eq!(replies.deliver(a, 1, b"late"), Err(Unexpected));
}

#[test]
fn a_detached_reply_keeps_its_place() {
    let mut replies = Replies::default();
    let a = replies.open(3, true);
    replies.detach(a + 1).expect("owed");
    replies.deliver(a, 1, b"1").expect("owed");
    replies.deliver(a + 2, 1, b"3").expect("owed");
    assert_eq!(ready(&mut replies), b"1");
    replies.deliver(a + 1, 1, b"2").expect("owed");
    assert_eq!(ready(&mut replies), b"123");
    assert!(replies.is_settled());
}

#[test]
fn a_push_stays_behind_what_came_before_it() {
    let mut replies = Replies::default();
    replies.push(b"0");
    let a = replies.open(1, true);
    let b = replies.open(2, true);
    replies.local(true, |out| out.extend_from_slice(b"L"));
    let c = replies.open(1, true);
    replies.push(b"1");
    // The reply to `a` has come and is being changed.
    replies.received(a + 1);
    replies.push(b"2");
    replies.push(b"3");
    replies.deliver(b, 1, b"B").expect("owed");
    replies.push(b"4");
    replies.deliver(b + 1, 1, b"B").expect("owed");
    replies.push(b"5");
    assert_eq!(ready(&mut replies), b"01");
    replies.deliver(a, 1, b"A").expect("owed");
    assert_eq!(ready(&mut replies), b"01A23B4BL5");
    replies.push(b"6");
    replies.deliver(c, 1, b"C").expect("owed");
    assert_eq!(ready(&mut replies), b"01A23B4BL56C");
    assert!(replies.is_settled());
    assert_eq!(replies.held_bytes, 0);
}

#[test]
fn hidden_replies_are_counted_but_not_shown() {
    let mut replies = Replies::default();
    let a = replies.open(1, false);
    let b = replies.open(1, true);
    replies.deliver(b, 1, b"B").expect("owed");
    replies.deliver(a, 1, b"A").expect("owed");
    assert_eq!(ready(&mut replies), b"B");
}

proptest! {
    /// Runs of random length, answered by random sources in random steps, some replies
    /// detached: what leaves is always the requests' order.
    #[test]
    fn any_interleaving_leaves_in_order(
        runs in proptest::collection::vec(1_u32..6, 1..12),
        picks in proptest::collection::vec((0_usize..12, any::<bool>()), 0..200),
    ) {
        let mut replies = Replies::default();
        let mut sources: Vec<Vec<Sequence>> = Vec::new();
        for &count in &runs {
            let first = replies.open(count, true);
            sources.push((first..first + u64::from(count)).rev().collect());
        }
        let total: u32 = runs.iter().sum();
        let mut detached = Vec::new();
        for (pick, detach) in picks {
            let at = pick % sources.len();
            let Some(seq) = sources[at].pop() else { continue };
            if detach {
                replies.detach(seq).expect("owed");
                detached.push(seq);
            } else {
                replies.deliver(seq, 1, &[u8::try_from(seq).expect("few")]).expect("owed");
            }
        }
        for source in &mut sources {
            while let Some(seq) = source.pop() {
                replies.deliver(seq, 1, &[u8::try_from(seq).expect("few")]).expect("owed");
            }
        }
        for seq in detached.into_iter().rev() {
            replies.deliver(seq, 1, &[u8::try_from(seq).expect("few")]).expect("owed");
        }
        let expected: Vec<u8> = (0..total).map(|n| u8::try_from(n).expect("few")).collect();
        prop_assert_eq!(ready(&mut replies), &expected[..]);
        prop_assert!(replies.is_settled());
        prop_assert_eq!(replies.held_bytes, 0);
    }
}
