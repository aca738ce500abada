//! How a connection is set up: the key that names its set-up, what is said first, and how many are
//! set up at a time.

mod handshake;
mod key;
mod pace;

pub use crate::session::Credentials;
pub use handshake::{HandshakeError, ServerInfo, set_up};
pub use key::ConnectionKey;
#[cfg(test)]
pub(super) use pace::AT_ONCE;
pub(super) use pace::SetupPace;
