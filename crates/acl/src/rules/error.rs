//! Why a rule is refused.

use thiserror::Error;

/// Why a rule is refused, in the words of Redis 7.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RuleError {
    /// No command or category has this name.
    #[error("Unknown command or category name in ACL")]
    Unknown,
    /// The word is no rule.
    #[error("Syntax error")]
    Syntax,
    /// A pattern of keys after one that matches all.
    #[error(
        "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not \
         have any effect. Try 'resetkeys' to start with an empty list of patterns"
    )]
    AllKeys,
    /// A pattern of channels after one that matches all.
    #[error(
        "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does \
         not have any effect. Try 'resetchannels' to start with an empty list of channels"
    )]
    AllChannels,
    /// A first argument behind a subcommand.
    #[error("Allowing first-arg of a subcommand is not supported")]
    Subcommand,
    /// A digest that is no SHA-256.
    #[error(
        "The password hash must be exactly 64 characters and contain only lowercase hexadecimal \
         characters"
    )]
    Digest,
    /// A password to be removed that the user does not have.
    #[error("The password you are trying to remove from the user does not exist")]
    NoSuchPassword,
}
