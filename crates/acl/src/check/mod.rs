//! The check of a request against the rules of a user.

mod access;
mod denied;
mod sort;
#[cfg(test)]
mod tests;
mod user;

pub use denied::{Denied, Reason};
