//! Lists of rules: a selector may be spread over several words.

use super::{RuleError, User};
use crate::catalog::Catalog;

/// Joins the words between `(` and `)` to one.
///
/// # Errors
/// The index of a word that opens a selector which no word closes.
pub(crate) fn merge<W: AsRef<[u8]>>(words: &[W]) -> Result<Vec<Vec<u8>>, usize> {
    let mut merged: Vec<Vec<u8>> = Vec::new();
    let mut open = None;
    for (at, word) in words.iter().map(AsRef::as_ref).enumerate() {
        let closes = word.last() == Some(&b')');
        if word.first() == Some(&b'(') && !closes {
            // A selector that is still open is given up, as in Redis 7.0.
            if open.is_some() {
                merged.pop();
            }
            open = Some(at);
            merged.push(word.to_vec());
        } else if open.is_some()
            && let Some(selector) = merged.last_mut()
        {
            selector.push(b' ');
            selector.extend_from_slice(super::text::before_nul(word));
            open = open.filter(|_| !closes);
        } else {
            merged.push(word.to_vec());
        }
    }
    open.map_or(Ok(merged), Err)
}

/// Applies all rules, or none of them.
///
/// # Errors
/// The first rule that is refused, and why.
pub(crate) fn apply_all(
    user: &mut User,
    catalog: &Catalog,
    merged: Vec<Vec<u8>>,
) -> Result<(), (Vec<u8>, RuleError)> {
    let mut changed = user.clone();
    for word in merged {
        if let Err(error) = changed.apply(catalog, &word) {
            return Err((word, error));
        }
    }
    *user = changed;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_joined() {
        let merged = |words: &str| {
            let words: Vec<_> = words.split(' ').collect();
            merge(&words).map(|merged| {
                merged
                    .iter()
                    .map(|word| String::from_utf8_lossy(word).into())
                    .collect::<Vec<String>>()
            })
        };
        assert_eq!(
            merged("on (+get ~a) off"),
            Ok(vec!["on".into(), "(+get ~a)".into(), "off".into()])
        );
        assert_eq!(merged("() (a b c)"), Ok(vec!["()".into(), "(a b c)".into()]));
        assert_eq!(merged("on (a b"), Err(1));
        assert_eq!(merged("(a b (c d)"), Ok(vec!["(c d)".into()]));
        assert_eq!(merged("(a (b) c)"), Ok(vec!["(a (b)".into(), "c)".into()]));
        assert_eq!(merge(&[""; 2]), Ok(vec![vec![]; 2]));
    }

    #[test]
    fn a_failed_list_changes_nothing() {
        let catalog = Catalog::new();
        let mut user = User::new(b"u", &catalog);
        let words = vec![b"on".to_vec(), b"+nope".to_vec()];
        let refused = apply_all(&mut user, &catalog, words);
        assert_eq!(refused, Err((b"+nope".to_vec(), RuleError::Unknown)));
        assert!(!user.is_enabled());
    }
}
