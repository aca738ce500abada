//! Patterns that name a key, or a field of a hash, for an element.

use std::borrow::Cow;

use super::source::text;
use crate::c_text::c_str;
use crate::execution::ReadCx;
use crate::keyspace::ValueRef;

/// Returns where the star is, in whose place the element goes.
pub(super) fn star(pattern: &[u8]) -> Option<usize> {
    c_str(pattern).iter().position(|&byte| byte == b'*')
}

/// Returns the string that `pattern` names for `element` (`lookupKeyByPattern`); `#` is the element
/// itself.
pub(super) fn look_up<'a>(
    cx: &ReadCx<'a>,
    pattern: &[u8],
    element: &Cow<'a, [u8]>,
) -> Option<Cow<'a, [u8]>> {
    if c_str(pattern) == b"#" {
        return Some(element.clone());
    }
    let at = star(pattern)?;
    let (before, after) = (pattern.get(..at)?, pattern.get(at + 1..)?);
    let (after, field) = match arrow(after) {
        Some(arrow) => (after.get(..arrow)?, after.get(arrow + 2..)),
        None => (after, None),
    };
    let key = [before, element, after].concat();
    match (cx.value(&key)?, field) {
        (ValueRef::Str(string), None) => Some(Cow::Borrowed(string.bytes)),
        (ValueRef::Hash(hash), Some(field)) => hash.value(field, cx.now).map(text),
        _ => None,
    }
}

/// Returns where the arrow is that precedes the name of a field.
fn arrow(text: &[u8]) -> Option<usize> {
    let text = c_str(text);
    let at = text.windows(2).position(|two| two == b"->")?;
    (at + 2 < text.len()).then_some(at)
}
