//! The version that a server reports, made safe to pass on.

use crate::topology::ServerVersion;

/// The longest version that is passed on, in characters.
const VERSION_MAX: usize = 32;

/// What a server of this version calls itself. A text from outside is not passed on without a
/// look.
pub(in crate::engine) fn server(name: &str, version: &str) -> ServerVersion {
    ServerVersion { name: name.to_owned(), version: plain(version), modules: Vec::new() }
}

/// The letters, digits, dots and hyphens of `version`, the first few of them.
pub(in crate::engine) fn plain(version: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    version.chars().filter(is_plain).take(VERSION_MAX).collect()
}
