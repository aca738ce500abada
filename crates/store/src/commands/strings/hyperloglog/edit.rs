//! Changing the HyperLogLog of a key.

use super::sparse::Rule;
use super::value::{Edit, View};
use crate::call::CommandError;
use crate::dialect::Dialect;
use crate::execution::WriteCx;
use crate::values::strings::Str;

/// Returns how corrupt a value may be that is changed. A master's command is never refused: whether
/// a master is strict depends on its patches.
pub(super) fn rule(cx: &WriteCx<'_>) -> Rule {
    if cx.from_master { Rule::Lenient } else { rule_of(cx.dialect()) }
}

pub(super) fn rule_of(dialect: Dialect) -> Rule {
    if dialect.checks_runs_of_values() { Rule::Strict } else { Rule::Lenient }
}

/// Changes the HyperLogLog of a key, if it has one.
pub(super) fn edit<R>(
    cx: &mut WriteCx<'_>,
    key: &[u8],
    change: impl FnOnce(&mut Edit<'_>) -> Result<R, CommandError>,
) -> Result<Option<R>, CommandError> {
    if let Some(text) = cx.read::<Str>(key)? {
        View::of(text.bytes)?;
    }
    let (max_sparse, rule) = (cx.packing().hll_sparse_bytes, rule(cx));
    cx.edit::<Str, _>(key, |text| change(&mut Edit::of(text.edit(), max_sparse, rule)?))
}
