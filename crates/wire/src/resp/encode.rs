//! Writes requests and replies. Every writer appends to a buffer that the caller owns.

use super::RespVersion;

/// Writes a multibulk request.
#[inline]
pub fn request<A: AsRef<[u8]>>(out: &mut Vec<u8>, args: impl ExactSizeIterator<Item = A>) {
    header(out, b'*', args.len());
    for arg in args {
        bulk(out, arg.as_ref());
    }
}

/// Returns a request of some words, for the control plane.
#[must_use]
pub fn request_of(args: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    request(&mut out, args.iter());
    out
}

/// Writes a status such as `+OK`. `text` must hold no line break.
pub fn status(out: &mut Vec<u8>, text: &str) {
    out.push(b'+');
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Writes an error reply; `text` begins with the code. Line breaks become blanks, as in
/// `addReplyErrorFormat`.
pub fn error(out: &mut Vec<u8>, text: &str) {
    out.push(b'-');
    out.extend(text.bytes().map(|b| if matches!(b, b'\r' | b'\n') { b' ' } else { b }));
    out.extend_from_slice(b"\r\n");
}

/// Writes an integer reply.
#[inline]
pub fn integer(out: &mut Vec<u8>, value: i64) {
    if let Ok(digit @ 0..=9) = u8::try_from(value) {
        return out.extend_from_slice(&[b':', b'0' + digit, b'\r', b'\n']);
    }
    out.push(b':');
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Writes a bulk string.
#[inline]
pub fn bulk(out: &mut Vec<u8>, bytes: &[u8]) {
    header(out, b'$', bytes.len());
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// Writes a text such as that of `INFO`: a verbatim string to RESP3, a bulk string to RESP2.
pub fn verbatim(out: &mut Vec<u8>, version: RespVersion, text: &str) {
    match version {
        RespVersion::V2 => bulk(out, text.as_bytes()),
        RespVersion::V3 => {
            header(out, b'=', text.len() + 4);
            out.extend_from_slice(b"txt:");
            out.extend_from_slice(text.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// Writes a null: `_` to RESP3, a null bulk string to RESP2.
pub fn null(out: &mut Vec<u8>, version: RespVersion) {
    out.extend_from_slice(match version {
        RespVersion::V2 => b"$-1\r\n",
        RespVersion::V3 => b"_\r\n",
    });
}

/// Writes a null array, as `EXEC` answers when a watched key changed.
pub fn null_array(out: &mut Vec<u8>, version: RespVersion) {
    out.extend_from_slice(match version {
        RespVersion::V2 => b"*-1\r\n",
        RespVersion::V3 => b"_\r\n",
    });
}

/// Writes the head of an array of `len` elements.
pub fn array(out: &mut Vec<u8>, len: usize) {
    header(out, b'*', len);
}

/// Writes the head of a map of `pairs`: to RESP2 that of an array of twice as many.
pub fn map(out: &mut Vec<u8>, version: RespVersion, pairs: usize) {
    match version {
        RespVersion::V2 => header(out, b'*', pairs * 2),
        RespVersion::V3 => header(out, b'%', pairs),
    }
}

/// Writes the head of a push message of `len` elements: to RESP2 that of an array.
pub fn push(out: &mut Vec<u8>, version: RespVersion, len: usize) {
    match version {
        RespVersion::V2 => header(out, b'*', len),
        RespVersion::V3 => header(out, b'>', len),
    }
}

/// Writes the head of a set of `len` elements: to RESP2 that of an array.
pub fn set(out: &mut Vec<u8>, version: RespVersion, len: usize) {
    match version {
        RespVersion::V2 => header(out, b'*', len),
        RespVersion::V3 => header(out, b'~', len),
    }
}

#[inline]
fn header(out: &mut Vec<u8>, kind: u8, len: usize) {
    // One or two digits are by far the most frequent.
    match u8::try_from(len) {
        Ok(len @ 0..=9) => return out.extend_from_slice(&[kind, b'0' + len, b'\r', b'\n']),
        Ok(len @ 10..=99) => {
            let (tens, ones) = (b'0' + len / 10, b'0' + len % 10);
            return out.extend_from_slice(&[kind, tens, ones, b'\r', b'\n']);
        }
        _ => {}
    }
    out.push(kind);
    out.extend_from_slice(itoa::Buffer::new().format(len).as_bytes());
    out.extend_from_slice(b"\r\n");
}
