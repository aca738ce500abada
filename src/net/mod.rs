//! Sockets: how they are opened and what options they have.

mod connect;
mod listen;
mod scratch;

pub use connect::connect;
pub use listen::{accepted, listen};
pub use scratch::Scratch;
