//! How a connection is set up: the key that names its set-up, and what is said first.

mod credentials;
mod handshake;
mod key;

pub use credentials::Credentials;
pub use handshake::{Greeting, HandshakeError, greet};
pub use key::ConnectionKey;
