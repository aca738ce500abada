//! Requests that write and read registers, and the versions in their replies.

pub mod form;
pub mod reads;
pub mod writes;
