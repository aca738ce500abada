//! The words of `SORT`.

use crate::arguments::words;
use crate::call::{Args, CommandError};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Options<'a> {
    /// The pattern of what is sorted by, instead of the elements.
    pub(super) by: Option<&'a [u8]>,
    /// The patterns of what is told, instead of the elements.
    pub(super) gets: Vec<&'a [u8]>,
    pub(super) desc: bool,
    pub(super) alpha: bool,
    /// Nothing is sorted, since all would be sorted by the same.
    pub(super) unsorted: bool,
    /// How many are passed over, and how many are told at most.
    limit: (i64, Option<i64>),
    /// Where the outcome goes.
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
                    // Once said it stays so, whatever a later pattern is.
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

    /// Which of `len` elements are told.
    pub(super) fn range(&self, len: usize) -> std::ops::Range<usize> {
        let start = usize::try_from(self.limit.0.max(0)).unwrap_or(usize::MAX).min(len);
        let count = self.limit.1.and_then(|count| usize::try_from(count).ok());
        start..start.saturating_add(count.unwrap_or(len)).min(len)
    }
}
