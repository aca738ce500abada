//! How a connection is set up: what is said first on it, and the key that names all of it.

mod credentials;
mod handshake;
mod key;

pub use credentials::Credentials;
pub use handshake::{Greeting, HandshakeError, greet};
pub use key::ConnectionKey;
