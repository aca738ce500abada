//! The version that a server reports, made safe to pass on.

use crate::topology::ServerVersion;

/// The longest version that the engine passes on, in characters.
const VERSION_MAX: usize = 32;

/// Returns the server that reports this name and version. The version comes from outside, so only
/// plain characters of it are kept.
pub(in crate::engine) fn server(name: &str, version: &str) -> ServerVersion {
    ServerVersion { name: name.to_owned(), version: plain(version), modules: Vec::new() }
}

/// The letters, digits, dots and hyphens of `version`, the first few of them.
pub(in crate::engine) fn plain(version: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    version.chars().filter(is_plain).take(VERSION_MAX).collect()
}
