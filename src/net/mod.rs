//! Sockets: how they are opened, what options they have, how they are written and how they end.

mod accept;
mod connect;
mod flush;
mod has_input;
mod linger;
mod listen;
mod query_buffer;
mod scratch;

pub use accept::{accept, turn_away};
pub use connect::connect;
pub use flush::{KEEP, OUTPUT_HIGH, flush};
pub use has_input::has_input;
pub use linger::{Linger, READS_PER_TURN};
pub use listen::{accepted, listen};
pub use query_buffer::QueryBuffer;
pub use scratch::Scratch;
