//! Why a Sentinel gives no report.

use crate::monitor::asking::link::LinkError;
use crate::sentinel::ReportError;

/// Why a Sentinel gives no report, in words that follow its address.
#[derive(Debug, thiserror::Error)]
pub(super) enum SentinelFault {
    /// No connection, or no answer.
    #[error("{0}")]
    Link(LinkError),
    /// It requires a login, and none is configured.
    #[error(
        "asks for a login: set topology.sentinel-password, and topology.sentinel-user if need be: \
         {0}"
    )]
    NoLogin(String),
    /// It refuses the login that is configured.
    #[error("refuses topology.sentinel-user and topology.sentinel-password: {0}")]
    Login(String),
    /// The server at this address is no Sentinel.
    #[error("is not a Sentinel: it answers SENTINEL with: {0}")]
    NotASentinel(String),
    /// It watches no master of this name.
    #[error("watches no master named {0:?}: set topology.master-name")]
    UnknownMaster(String),
    /// It refuses a command.
    #[error("refuses {command}: {reply}")]
    Refused {
        /// The command.
        command: &'static str,
        /// The error reply.
        reply: String,
    },
    /// Its answer lacks a field.
    #[error("gives no report: {0}")]
    Report(ReportError),
}

impl From<LinkError> for SentinelFault {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::NoLogin(reply) => Self::NoLogin(reply),
            LinkError::Login(reply) => Self::Login(reply),
            error => Self::Link(error),
        }
    }
}
