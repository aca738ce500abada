//! The key of a connection: all that it is set up with.

use super::Credentials;
use tidegate_wire::resp::RespVersion;

/// All that a connection is set up with. Requests of sessions that differ in any of it never share
/// a connection, so that no state of one session reaches another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionKey {
    /// The login.
    pub credentials: Credentials,
    /// The database that it has selected.
    pub db: u32,
    /// The protocol version that it speaks.
    pub version: RespVersion,
    /// Whether it said `CLIENT NO-TOUCH ON`.
    pub no_touch: bool,
    /// Whether its set-up ends with the login, so that it is possible while the server runs a script.
    /// Such a connection carries only requests that need neither a database nor the server's identity.
    pub login_only: bool,
}

impl ConnectionKey {
    /// The key of a connection with this login, RESP2 and database 0.
    #[must_use]
    pub const fn new(credentials: Credentials) -> Self {
        let (db, version, no_touch, login_only) = (0, RespVersion::V2, false, false);
        Self { credentials, db, version, no_touch, login_only }
    }
}
