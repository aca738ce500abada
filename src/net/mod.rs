//! Sockets: how they are opened, what options they have, how they are read to their end.

mod connect;
mod drain;
mod listen;
mod scratch;

pub use connect::connect;
pub use drain::drain;
pub use listen::{accepted, listen};
pub use scratch::Scratch;
