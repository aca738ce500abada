//! The options that `XADD` and `XTRIM` share (`streamParseAddOrTrimArgsOrReply`).

use crate::call::{CommandError, words};
use crate::dialect::Dialect;
use crate::execution::Args;
use crate::packing::Packing;
use crate::values::streams::delete::References;
pub(crate) use crate::values::streams::entries::id::{self, NewId};
use crate::values::streams::trim::{Trim, Until};
use crate::values::streams::value::Stream;

const BOTH: CommandError = CommandError::new(
    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
);
const MAXLEN: CommandError = CommandError::new("ERR The MAXLEN argument must be >= 0.");
const LIMIT: CommandError = CommandError::new("ERR The LIMIT argument must be >= 0.");
const LIMIT_ALONE: CommandError = CommandError::new(
    "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
);
const LIMIT_EXACT: CommandError =
    CommandError::new("ERR syntax error, LIMIT cannot be used without the special ~ option");
const NO_STRATEGY: CommandError =
    CommandError::new("ERR syntax error, XTRIM must be called with a trimming strategy");

/// The kind of caller, and the rules for it.
#[derive(Clone, Copy, Debug)]
pub(in crate::commands::streams) struct Caller {
    pub(in crate::commands::streams) dialect: Dialect,
    pub(in crate::commands::streams) packing: Packing,
    /// Whether the command comes from the master, which has limited the trimming already.
    pub(in crate::commands::streams) from_master: bool,
}

/// The options of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::commands::streams) struct AddOptions {
    /// Whether no stream is created.
    pub(in crate::commands::streams) no_stream: bool,
    /// The id of the new entry, and the index of its word.
    pub(in crate::commands::streams) id: Option<(NewId, usize)>,
    pub(in crate::commands::streams) trim: Option<Trim>,
    until: Option<Until>,
    /// The index of the word that says how far the stream is trimmed.
    threshold_at: usize,
    approximate: bool,
    limit: Option<i64>,
    references: Option<References>,
}

/// Reads the options of `XADD`, up to the id, or those of `XTRIM` if `adds` is false.
pub(in crate::commands::streams) fn parse(
    args: Args<'_>,
    adds: bool,
    caller: &Caller,
) -> Result<AddOptions, CommandError> {
    let mut options = AddOptions::default();
    let mut at = 2;
    while let Some(&word) = args.get(at) {
        let rest = args.get(at + 1..).unwrap_or_default();
        if adds && word == b"*" {
            options.id = Some((NewId::Auto, at));
            break;
        }
        at += 1;
        if words::is(word, "MAXLEN") && !rest.is_empty() {
            at += options.threshold(rest, at, |word| match words::int(word)? {
                length @ 0.. => Ok(Until::Length(length.unsigned_abs())),
                _ => Err(MAXLEN),
            })?;
        } else if words::is(word, "MINID") && !rest.is_empty() {
            at += options.threshold(rest, at, |word| id::strict(word).map(Until::MinId))?;
        } else if words::is(word, "LIMIT") && !rest.is_empty() {
            let limit = words::int(rest[0])?;
            if limit < 0 {
                return Err(LIMIT);
            }
            options.limit = Some(limit);
            at += 1;
        } else if adds && words::is(word, "NOMKSTREAM") {
            options.no_stream = true;
        } else if let Some(references) =
            references(word, caller.dialect).filter(|_| options.references.is_none())
        {
            options.references = Some(references);
        } else if adds {
            let id = id::new_id(word, caller.dialect.has_partial_stream_ids())?;
            options.id = Some((id, at - 1));
            break;
        } else {
            return Err(CommandError::SYNTAX);
        }
    }
    options.finish(adds, caller)
}

/// Reads what happens to groups that refer to an entry.
pub(in crate::commands::streams) fn references(
    word: &[u8],
    dialect: Dialect,
) -> Option<References> {
    match word {
        _ if !dialect.has_stream_references() => None,
        word if words::is(word, "KEEPREF") => Some(References::Keep),
        word if words::is(word, "DELREF") => Some(References::Delete),
        word if words::is(word, "ACKED") => Some(References::Acknowledged),
        _ => None,
    }
}

impl AddOptions {
    /// Reads what follows `MAXLEN` or `MINID`. Returns it, and how many words it is.
    fn threshold(
        &mut self,
        rest: &[&[u8]],
        rest_at: usize,
        until: impl FnOnce(&[u8]) -> Result<Until, CommandError>,
    ) -> Result<usize, CommandError> {
        if self.until.is_some() {
            return Err(BOTH);
        }
        let (value, words) = match rest {
            [b"~", value, ..] => {
                self.approximate = true;
                (value, 2)
            }
            [b"=", value, ..] => (value, 2),
            [value, ..] => (value, 1),
            [] => return Err(CommandError::SYNTAX),
        };
        self.until = Some(until(value)?);
        self.threshold_at = rest_at + words - 1;
        Ok(words)
    }

    /// Returns the threshold with which a trimming to what the stream is now would be exact, and
    /// the index of its word (`streamRewriteTrimArgument`).
    pub(in crate::commands::streams) fn exactly(&self, stream: &Stream) -> Option<(String, usize)> {
        let text = match self.until? {
            Until::Length(_) => stream.length.to_string(),
            Until::MinId(_) => id::text(stream.first_kept_id().unwrap_or(id::MAX)),
        };
        Some((text, self.threshold_at))
    }

    fn finish(mut self, adds: bool, caller: &Caller) -> Result<Self, CommandError> {
        let Some(until) = self.until else {
            return match self.limit {
                Some(1..) => Err(LIMIT_ALONE),
                _ if !adds => Err(NO_STRATEGY),
                Some(_) if !caller.from_master => Err(LIMIT_EXACT),
                _ => Ok(self),
            };
        };
        let limit = match self.limit {
            _ if caller.from_master => 0,
            Some(_) if !self.approximate => return Err(LIMIT_EXACT),
            Some(limit) => limit,
            None if self.approximate => default_limit(&caller.packing),
            None => 0,
        };
        let references = self.references.unwrap_or_default();
        self.trim = Some(Trim { until, approximate: self.approximate, limit, references });
        Ok(self)
    }
}

/// Returns the number of entries of a hundred nodes.
fn default_limit(packing: &Packing) -> i64 {
    match i64::try_from(packing.stream_node_entries).unwrap_or(0).saturating_mul(100) {
        ..=0 => 10_000,
        limit => limit.min(1_000_000),
    }
}
