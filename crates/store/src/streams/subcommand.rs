//! The subcommands of `XGROUP` and `XINFO`, whose errors some servers find later than those of other
//! containers.

use crate::context::Args;
use crate::dialect::Dialect;
use crate::error::CommandError;
use crate::subcommand::{self, Sub};

/// The subcommand's name in lower case; `container` is its container's. Servers before 7.0 find out
/// later what is wrong, and then `None` is no error yet.
pub(super) fn find(
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
