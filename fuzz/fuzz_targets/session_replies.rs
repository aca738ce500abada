//! What is rewritten in a complete reply leaves one complete reply; in any request, as many words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_wire::resp::Args;
use tidegate_wire::resp::reply::reply_len;
use tidegate::session::cursor::{Cursor, tag_reply, with_cursor};
use tidegate::session::{Queued, exec};

fuzz_target!(|input: (u32, u8, &[u8])| {
    let (tag, at, bytes) = input;
    let index = usize::from(at % 8);
    let _ = Cursor::parse(bytes);
    let words = Args::new(bytes).to_vec();
    let rewritten = with_cursor(bytes, index, tag.into());
    assert_eq!(Args::new(&rewritten).to_vec().len(), words.len());
    let _ = tag_reply(bytes.to_vec(), tag);

    // The session is given nothing but complete replies.
    let Some(len) = reply_len(bytes) else { return };
    let reply = &bytes[..len];
    let tagged = tag_reply(reply.to_vec(), tag);
    assert_eq!(reply_len(&tagged), Some(tagged.len()));
    let special = [(index, Queued::Select(1))];
    let rewritten = exec::rewrite(reply.to_vec(), &special, |_, element| {
        assert_eq!(reply_len(element), Some(element.len()));
        Some(b":7\r\n".to_vec())
    });
    assert_eq!(reply_len(&rewritten), Some(rewritten.len()));
    assert_eq!(exec::rewrite(reply.to_vec(), &special, |_, _| None), reply);
});
