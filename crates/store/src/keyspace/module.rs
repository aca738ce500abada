//! The value of a module, kept as it came so that it can be dumped and saved.

use tidegate_rdb as rdb;

/// A value that only a module understands.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    /// The value, as it is written.
    pub(crate) raw: rdb::Module,
    name: String,
}

impl Module {
    pub(crate) fn new(raw: rdb::Module) -> Self {
        Self { name: raw.type_name(), raw }
    }

    /// The name of the type, as `TYPE` shows it.
    pub(crate) fn type_name(&self) -> &str {
        &self.name
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of::<Self>() + self.raw.body.capacity() + self.name.capacity()
    }
}
