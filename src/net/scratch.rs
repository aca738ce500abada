//! The read buffer that all connections of a worker share.

use std::cell::{RefCell, RefMut};

/// Bytes per read. Larger reads only push other data out of the cache.
const SIZE: usize = 64 * 1024;

/// A worker's read buffer. Bytes are read into it and handled at once, and only the rest of an
/// incomplete frame is copied, so that idle connections hold no buffer.
#[derive(Debug)]
pub struct Scratch(RefCell<Box<[u8]>>);

impl Default for Scratch {
    fn default() -> Self {
        Self(RefCell::new(vec![0; SIZE].into_boxed_slice()))
    }
}

impl Scratch {
    /// The buffer, until the bytes that were read are handled. Not to be held across an await.
    pub fn borrow(&self) -> RefMut<'_, Box<[u8]>> {
        self.0.borrow_mut()
    }
}
