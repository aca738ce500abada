//! Two answers to one read: are they the same, as far as they have to be?

use crate::support::Reply;
use crate::workload::Compare;

/// Fields whose values are a clock's, or which real replicas of real masters have otherwise: the
/// XCLAIMs that stand for an XREADGROUP do not say how many entries the group has read.
const UNTOLD: [&str; 6] = ["idle", "inactive", "seen-time", "active-time", "entries-read", "lag"];

/// The forms that each hold what the others do.
const FORMS: [&[&str]; 5] = [
    &["int", "embstr", "raw"],
    &["listpack", "ziplist", "quicklist"],
    &["intset", "listpack", "hashtable"],
    &["listpack", "ziplist", "listpackex", "hashtable"],
    &["listpack", "ziplist", "skiplist"],
];

/// True where two answers, and their bytes, are the same by this rule. `Restored` and `Scan` take
/// further questions: here their bytes have to be equal.
pub fn same(compare: Compare, master: (&Reply, &[u8]), replica: (&Reply, &[u8])) -> bool {
    if master.1 == replica.1 {
        return true;
    }
    let (ours, theirs) = (replica.0, master.0);
    match compare {
        Compare::Exact | Compare::Restored | Compare::Scan { .. } => false,
        Compare::Unordered => kind(ours) == kind(theirs) && items(ours) == items(theirs),
        Compare::UnorderedAll => {
            kind(ours) == kind(theirs) && all_sorted(ours) == all_sorted(theirs)
        }
        Compare::UnorderedPairs => kind(ours) == kind(theirs) && pairs(ours) == pairs(theirs),
        Compare::Length => kind(ours) == kind(theirs) && len(ours) == len(theirs),
        Compare::Form => kind(ours) == kind(theirs),
        Compare::Within(most) => within(most, ours, theirs),
        Compare::Untold => without_untold(ours) == without_untold(theirs),
        Compare::PendingTimes => without_times(ours) == without_times(theirs),
        Compare::Encoding => {
            let of = |form: &&[&str], reply: &Reply| form.iter().any(|it| is_bulk(reply, it));
            FORMS.iter().any(|form| of(form, ours) && of(form, theirs))
        }
    }
}

fn is_bulk(reply: &Reply, text: &str) -> bool {
    matches!(reply, Reply::Bulk(bytes) if bytes == text.as_bytes())
}

/// A reply's type.
fn kind(reply: &Reply) -> u8 {
    match reply {
        Reply::Simple(_) => b'+',
        Reply::Error(_) => b'-',
        Reply::Int(_) => b':',
        Reply::Bulk(_) => b'$',
        Reply::Null => b'_',
        Reply::Array(_) => b'*',
        Reply::Map(_) => b'%',
        Reply::Set(_) => b'~',
        Reply::Push(_) => b'>',
        Reply::Double(_) => b',',
        Reply::Bool(_) => b'#',
        Reply::BigNumber(_) => b'(',
        Reply::Verbatim(..) => b'=',
        Reply::Attribute(..) => b'|',
    }
}

fn len(reply: &Reply) -> Option<usize> {
    match reply {
        Reply::Array(items) | Reply::Set(items) => Some(items.len()),
        Reply::Map(pairs) => Some(pairs.len()),
        _ => None,
    }
}

/// Something to sort replies by.
fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

/// The items of a list or set, as texts in one order.
pub fn items(reply: &Reply) -> Option<Vec<String>> {
    match reply {
        Reply::Array(items) | Reply::Set(items) => {
            Some(sorted(items.iter().map(|item| format!("{item:?}")).collect()))
        }
        _ => None,
    }
}

/// The pairs of a map, of a flat list or of a list of pairs, as texts in one order.
pub fn pairs(reply: &Reply) -> Option<Vec<String>> {
    match reply {
        Reply::Map(pairs) => Some(sorted(pairs.iter().map(|pair| format!("{pair:?}")).collect())),
        Reply::Array(items) if items.len().is_multiple_of(2) => {
            let pair = |pair: &[Reply]| format!("{pair:?}");
            Some(sorted(items.chunks(2).map(pair).collect()))
        }
        _ => None,
    }
}

/// The reply as a text in which all lists are in one order.
fn all_sorted(reply: &Reply) -> String {
    match reply {
        Reply::Array(items) | Reply::Set(items) => {
            format!("{:?}", sorted(items.iter().map(all_sorted).collect()))
        }
        Reply::Map(pairs) => {
            let pair = |(key, value): &(Reply, Reply)| {
                format!("{} = {}", all_sorted(key), all_sorted(value))
            };
            format!("{:?}", sorted(pairs.iter().map(pair).collect()))
        }
        other => format!("{other:?}"),
    }
}

fn within(most: i64, ours: &Reply, theirs: &Reply) -> bool {
    match (ours, theirs) {
        // Below zero are no times, but "there is none".
        (Reply::Int(a), Reply::Int(b)) => a == b || (*a >= 0 && *b >= 0 && (a - b).abs() <= most),
        (Reply::Array(a), Reply::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| within(most, a, b))
        }
        (a, b) => a == b,
    }
}

fn is_untold(reply: &Reply) -> bool {
    UNTOLD.iter().any(|name| is_bulk(reply, name))
}

/// The reply with zeros in the place of what is not told.
fn without_untold(reply: &Reply) -> Reply {
    match reply {
        Reply::Array(items) => {
            let mut clean: Vec<Reply> = Vec::with_capacity(items.len());
            for item in items {
                let timed = clean.last().is_some_and(is_untold);
                clean.push(if timed { Reply::Int(0) } else { without_untold(item) });
            }
            Reply::Array(clean)
        }
        Reply::Map(pairs) => {
            let pair = |(key, value): &(Reply, Reply)| {
                let value = if is_untold(key) { Reply::Int(0) } else { without_untold(value) };
                (key.clone(), value)
            };
            Reply::Map(pairs.iter().map(pair).collect())
        }
        other => other.clone(),
    }
}

/// The rows of XPENDING without how long each has been pending.
fn without_times(reply: &Reply) -> Reply {
    let Reply::Array(rows) = reply else { return reply.clone() };
    let clean = |row: &Reply| match row {
        Reply::Array(cells) if cells.len() == 4 => {
            Reply::Array([&cells[..2], &[Reply::Int(0)], &cells[3..]].concat())
        }
        other => other.clone(),
    };
    Reply::Array(rows.iter().map(clean).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(n: i64) -> Reply {
        Reply::Int(n)
    }

    fn bulk(text: &str) -> Reply {
        Reply::Bulk(text.into())
    }

    #[test]
    fn each_rule_lets_its_own_difference_pass_and_no_other() {
        let judge = |compare, a: &Reply, b: &Reply| same(compare, (a, b"a"), (b, b"b"));
        let list = |items: &[Reply]| Reply::Array(items.to_vec());
        let (ab, ba) = (list(&[bulk("a"), bulk("b")]), list(&[bulk("b"), bulk("a")]));
        assert!(!judge(Compare::Exact, &ab, &ba));
        assert!(judge(Compare::Unordered, &ab, &ba));
        assert!(!judge(Compare::Unordered, &ab, &list(&[bulk("b"), bulk("b")])));
        assert!(!judge(Compare::UnorderedPairs, &ab, &ba));
        assert!(judge(Compare::Length, &ab, &ba));
        assert!(!judge(Compare::Length, &ab, &list(&[])));
        assert!(judge(Compare::Form, &bulk("1"), &bulk("2")));
        assert!(!judge(Compare::Form, &bulk("1"), &Reply::Null));
        assert!(judge(Compare::Within(5), &int(7), &int(12)));
        assert!(!judge(Compare::Within(5), &int(7), &int(13)));
        assert!(!judge(Compare::Within(5), &int(-1), &int(0)));
        assert!(judge(Compare::Encoding, &bulk("intset"), &bulk("hashtable")));
        assert!(!judge(Compare::Encoding, &bulk("intset"), &bulk("skiplist")));
        let idle = |n| list(&[bulk("idle"), int(n), bulk("pending"), int(n / 100)]);
        assert!(judge(Compare::Untold, &idle(1), &idle(2)));
        assert!(!judge(Compare::Untold, &idle(1), &idle(100)));
        let row = |time, count| list(&[list(&[bulk("1-1"), bulk("c"), int(time), int(count)])]);
        assert!(judge(Compare::PendingTimes, &row(1, 1), &row(2, 1)));
        assert!(!judge(Compare::PendingTimes, &row(1, 1), &row(1, 2)));
    }
}
