//! Sockets: how connections are opened, encrypted, accepted, written and ended.

mod connecting;
mod flush;
mod inherited;
mod linger;
mod listener;
mod proxy_header;
mod query_buffer;
mod resolver;
mod scratch;
mod socket;
mod socket_file;
mod stream;

pub use connecting::Connecting;
pub use flush::{KEEP, OUTPUT_HIGH, flush};
pub use inherited::{Inherited, InheritedError};
pub use linger::{Linger, READS_PER_TURN};
pub use listener::{Acceptor, Listener, turn_away};
pub use proxy_header::{Proxied, read_proxy_header};
pub use query_buffer::QueryBuffer;
pub use resolver::Resolver;
pub use scratch::Scratch;
pub use stream::{Detached, Stream};
