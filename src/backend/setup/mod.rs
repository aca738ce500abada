//! How a connection is set up: the key that names its set-up, and what is said first.

mod credentials;
mod handshake;
mod key;

pub use credentials::Credentials;
pub use handshake::{HandshakeError, ServerInfo, set_up};
pub use key::ConnectionKey;
