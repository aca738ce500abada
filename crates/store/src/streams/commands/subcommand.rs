//! The subcommands of `XGROUP` and `XINFO`, whose errors some servers find later than those of other
//! containers.

use crate::arguments::subcommand::{self, Sub};
use crate::call::{Args, CommandError};
use crate::dialect::Dialect;

/// The subcommand's name in lower case; `container` is its container's. Servers before 7.0 find out
/// later what is wrong, and then `None` is no error yet.
pub(in crate::streams) fn find(
    all: &[Sub<()>],
    args: Args<'_>,
    container: &str,
    dialect: Dialect,
) -> Result<Option<&'static str>, CommandError> {
    if dialect.has_subcommands() {
        return subcommand::find(all, container, args, dialect).map(|sub| Some(sub.name));
    }
    let word = args.get(1).copied().unwrap_or_default();
    Ok(Sub::named(all, word).map(|sub| sub.name))
}
