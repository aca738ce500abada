//! A client's requests in flight: what they touch, and the order that they have to keep.

pub mod order;
mod touches;
mod written;

pub use touches::{KeyWords, Touches};
pub use written::Written;
