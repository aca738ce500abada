//! The options of SORT that read keys which the request does not name.

use super::Reason;
use crate::arguments::Arguments;

/// Returns the first option of SORT that reads other keys, as the server finds it, and the place of
/// its pattern.
pub(super) fn reads_others<'a>(args: &impl Arguments<'a>) -> Option<(Reason, usize)> {
    let mut at = 2;
    while at < args.count() {
        let (word, left) = (args.at(at), args.count() - at - 1);
        let is = |name: &[u8]| word.eq_ignore_ascii_case(name);
        if is(b"limit") && left >= 2 {
            at += 2;
        } else if is(b"store") && left >= 1 {
            at += 1;
        } else if is(b"by") && left >= 1 {
            if args.at(at + 1).contains(&b'*') {
                return Some((Reason::SortBy, at + 1));
            }
            at += 1;
        } else if is(b"get") && left >= 1 {
            return Some((Reason::SortGet, at + 1));
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_found() {
        let found = |line: &str| {
            let words: Vec<_> = line.split(' ').collect();
            reads_others(&&words[..])
        };
        assert_eq!(found("SORT k BY nosort LIMIT 0 get STORE get"), None);
        assert_eq!(found("SORT k DESC BY w_* GET #"), Some((Reason::SortBy, 4)));
        assert_eq!(found("SORT k GET #"), Some((Reason::SortGet, 3)));
        assert_eq!(found("SORT k GET"), None);
    }
}
