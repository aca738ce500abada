//! A worker's own handle of what all workers share.

use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

/// A handle that a worker's batches clone without a write to memory that other workers use: the
/// count of an [`Arc`] is a place for which they would contend.
#[derive(Debug)]
pub(crate) struct Handle<T>(Rc<Shared<T>>);

#[derive(Debug)]
struct Shared<T>(Arc<T>);

impl<T> Handle<T> {
    pub(crate) fn new(shared: Arc<T>) -> Self {
        Self(Rc::new(Shared(shared)))
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Deref for Handle<T> {
    type Target = Arc<T>;

    fn deref(&self) -> &Arc<T> {
        &self.0.0
    }
}
