//! Values of scripts: arguments and errors of functions, numbers as text, replies in and out.

pub(crate) mod arguments;
pub(crate) mod incoming;
pub(crate) mod number;
pub(crate) mod outgoing;
pub(crate) mod raise;
