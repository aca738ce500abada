//! Sockets: how connections are opened, accepted, written and ended.

mod flush;
mod linger;
mod listener;
mod query_buffer;
mod resolver;
mod scratch;
mod stream;

pub use flush::{KEEP, OUTPUT_HIGH, flush};
pub use linger::{Linger, READS_PER_TURN};
pub use listener::{Acceptor, Listener, turn_away};
pub use query_buffer::QueryBuffer;
pub use resolver::Resolver;
pub use scratch::Scratch;
pub use stream::{Detached, Stream};
