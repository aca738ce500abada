//! A module's value: kept as it came, opaque, so that it can be given on.

use tidegate_rdb as rdb;

/// A value that only a module understands.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    /// As it is written.
    pub(crate) raw: rdb::Module,
    name: String,
}

impl Module {
    pub(crate) fn new(raw: rdb::Module) -> Self {
        Self { name: raw.type_name(), raw }
    }

    /// What `TYPE` calls it.
    pub(crate) fn type_name(&self) -> &str {
        &self.name
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of::<Self>() + self.raw.body.capacity() + self.name.capacity()
    }
}
