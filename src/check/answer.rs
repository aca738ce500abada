//! What a server answered to the check.

use crate::config::HostPort;
use crate::topology::Observation;

/// A server's address with what it reports of itself, or why it reports nothing.
pub(super) type Answer<'a> = (&'a HostPort, Result<&'a Observation, &'a str>);
