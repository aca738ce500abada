//! The subcommands of `XGROUP` and `XINFO`. Some servers notice their errors later than those of
//! other containers.

use crate::arguments::subcommand::{self, Sub};
use crate::call::CommandError;
use crate::dialect::Dialect;
use crate::execution::Args;

/// Returns the name of the subcommand in lower case; `container` is that of its container. Servers
/// before 7.0 notice later what is wrong, and then `None` is no error yet.
pub(in crate::commands::streams) fn find(
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
