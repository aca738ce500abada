//! A module that a server has loaded.

/// A module as `HELLO` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: i64,
    /// The file it was loaded from and its arguments, which servers report from Redis 7 on.
    pub origin: Option<(String, Vec<String>)>,
}
