//! The arguments of `SORT`.

use crate::call::{CommandError, words};
use crate::execution::Args;

/// The options of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Options<'a> {
    /// The pattern of the sort keys, if they are not the elements themselves.
    pub(super) by: Option<&'a [u8]>,
    /// The patterns of the values in the reply, if it has not the elements themselves.
    pub(super) gets: Vec<&'a [u8]>,
    pub(super) desc: bool,
    pub(super) alpha: bool,
    /// Whether the elements are not sorted, because all have the same sort key.
    pub(super) unsorted: bool,
    /// How many elements are passed over, and how many are returned at most.
    limit: (i64, Option<i64>),
    /// The destination of the result.
    pub(super) store: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    pub(super) fn of(words: Args<'a>, may_store: bool) -> Result<Self, CommandError> {
        let mut options = Self::default();
        let mut rest = words;
        while let Some((option, after)) = rest.split_first() {
            rest = match after {
                _ if words::is(option, "asc") => {
                    options.desc = false;
                    after
                }
                _ if words::is(option, "desc") => {
                    options.desc = true;
                    after
                }
                _ if words::is(option, "alpha") => {
                    options.alpha = true;
                    after
                }
                [start, count, after @ ..] if words::is(option, "limit") => {
                    options.limit = (words::int(start)?, Some(words::int(count)?));
                    after
                }
                [key, after @ ..] if may_store && words::is(option, "store") => {
                    options.store = Some(key);
                    after
                }
                [pattern, after @ ..] if words::is(option, "by") => {
                    options.by = Some(pattern);
                    // It stays so, whatever a later pattern is.
                    options.unsorted |= super::pattern::star(pattern).is_none();
                    after
                }
                [pattern, after @ ..] if words::is(option, "get") => {
                    options.gets.push(pattern);
                    after
                }
                _ => return Err(CommandError::SYNTAX),
            };
        }
        Ok(options)
    }

    /// Returns which of `len` elements are wanted.
    pub(super) fn range(&self, len: usize) -> std::ops::Range<usize> {
        let start = usize::try_from(self.limit.0.max(0)).unwrap_or(usize::MAX).min(len);
        let count = self.limit.1.and_then(|count| usize::try_from(count).ok());
        start..start.saturating_add(count.unwrap_or(len)).min(len)
    }
}
