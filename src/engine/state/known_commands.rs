//! What the engine knows of each command: whether the store answers it, and which versions have it.

use tidegate_store::Store;
use tidegate_wire::command::{self, NUMBERS, Versions, number, versions};

/// What the engine knows of a command or container.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Known {
    /// Whether the store answers it.
    pub(in crate::engine) is_read: bool,
    /// The versions that have it; `None` where all have.
    pub(in crate::engine) versions: Option<&'static Versions>,
}

/// Returns what is known of every command, by [`number`].
pub(super) fn known() -> Box<[Known]> {
    let mut known = vec![Known::default(); NUMBERS];
    let mut set = |name: &str, change: &dyn Fn(&mut Known)| {
        number(name.as_bytes()).and_then(|number| known.get_mut(number)).map(change);
    };
    command::all().for_each(|row| set(row.name, &|known| known.versions = versions(row.name)));
    Store::readable().for_each(|name| set(name, &|known| known.is_read = true));
    known.into_boxed_slice()
}
