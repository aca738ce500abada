//! The options of `CLIENT TRACKING`, and the replies that name the client of REDIRECT.

use tidegate_wire::resp::integer;

/// The options with which a session tracks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tracking {
    /// The `CLIENT ID` of the client that gets the invalidations; 0 for the session itself.
    pub redirect: u64,
    /// BCAST: it gets invalidations of all keys, also of those that it has not read.
    pub broadcast: bool,
}

const REDIRECT: &[u8] = b"$8\r\nredirect\r\n:";
const BROKEN: &[u8] = b">2\r\n$21\r\ntracking-redir-broken\r\n:";

/// The place of REDIRECT's client id in a request; `None` without one, or where the server finds a
/// mistake before it.
#[must_use]
pub fn redirect_at(args: &[&[u8]]) -> Option<usize> {
    let mut at = 3;
    while let Some(option) = args.get(at) {
        let is = |name: &[u8]| option.eq_ignore_ascii_case(name);
        at += match () {
            () if is(b"redirect") => return (at + 1 < args.len()).then_some(at + 1),
            () if is(b"prefix") => 2,
            () if is(b"bcast") || is(b"optin") || is(b"optout") || is(b"noloop") => 1,
            () => return None,
        };
    }
    None
}

/// Whether a request without mistakes asks for BCAST.
#[must_use]
pub fn is_broadcast(args: &[&[u8]]) -> bool {
    let mut at = 3;
    while let Some(option) = args.get(at) {
        if option.eq_ignore_ascii_case(b"bcast") {
            return true;
        }
        let takes = [&b"prefix"[..], b"redirect"].iter().any(|it| option.eq_ignore_ascii_case(it));
        at += if takes { 2 } else { 1 };
    }
    false
}

/// A reply to `CLIENT TRACKINGINFO` with the client `id` as the target.
#[must_use]
pub fn with_redirect(reply: Vec<u8>, id: u64) -> Vec<u8> {
    // Before it come only flags, which no client chooses.
    match memchr::memmem::find(&reply, REDIRECT) {
        Some(at) => with_integer(&reply, at + REDIRECT.len(), id),
        None => reply,
    }
}

/// Whether a reply to `CLIENT TRACKINGINFO` says that the target has gone.
#[must_use]
pub fn is_broken(reply: &[u8]) -> bool {
    let flags = memchr::memmem::find(reply, REDIRECT).map_or(reply, |at| &reply[..at]);
    memchr::memmem::find(flags, b"broken_redirect").is_some()
}

/// The push `tracking-redir-broken` with the id of the client `id` in it; `None` of any other push.
#[must_use]
pub fn broken_redirect(push: &[u8], id: u64) -> Option<Vec<u8>> {
    push.starts_with(BROKEN).then(|| with_integer(push, BROKEN.len(), id))
}

/// `bytes` with `value` in place of the integer at `at`.
fn with_integer(bytes: &[u8], at: usize, value: u64) -> Vec<u8> {
    let end = memchr::memchr(b'\r', &bytes[at..]).map_or(bytes.len(), |len| at + len);
    let value = integer::text(i64::try_from(value).unwrap_or(i64::MAX));
    [&bytes[..at], &value, &bytes[end..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<&[u8]> {
        line.split(' ').map(str::as_bytes).collect()
    }

    #[test]
    fn finds_the_target_where_a_server_does() {
        let at = |line: &str| redirect_at(&words(line));
        assert_eq!(at("CLIENT TRACKING ON REDIRECT 7"), Some(4));
        assert_eq!(at("CLIENT TRACKING ON bcast PREFIX redirect redirect 7"), Some(7));
        assert_eq!(at("CLIENT TRACKING ON PREFIX REDIRECT 7"), None);
        assert_eq!(at("CLIENT TRACKING ON BAD REDIRECT 7"), None);
        assert_eq!(at("CLIENT TRACKING ON REDIRECT"), None);
        assert_eq!(at("CLIENT TRACKING"), None);
        assert!(is_broadcast(&words("CLIENT TRACKING ON PREFIX a BCAST")));
        assert!(!is_broadcast(&words("CLIENT TRACKING ON PREFIX BCAST")));
    }

    #[test]
    fn replies_name_the_proxys_client() {
        let info = b"*6\r\n$5\r\nflags\r\n*1\r\n$2\r\non\r\n$8\r\nredirect\r\n:123\r\n$8\r\nprefixes\r\n*0\r\n";
        let changed = with_redirect(info.to_vec(), 7);
        assert!(!is_broken(&changed));
        let text = String::from_utf8_lossy(info).replace(":123", ":7");
        assert_eq!(String::from_utf8_lossy(&changed), text);
        let push = [BROKEN, b"123\r\n"].concat();
        assert_eq!(broken_redirect(&push, 45), Some([BROKEN, b"45\r\n"].concat()));
        assert_eq!(broken_redirect(b">2\r\n$10\r\ninvalidate\r\n_\r\n", 45), None);
    }
}
