//! The question to a master for the commands that the built-in table lacks.

use std::sync::Arc;
use std::time::Duration;

use redis_protocol::resp2::types::BytesFrame;

use super::link::{Dial, Link, LinkError};
use super::words::brief;
use crate::net::Resolver;
use tidegate_acl::Catalog;
use tidegate_wire::command::Learned;

/// The longest reply to `COMMAND`, in bytes. Redis 8 with its modules sends 400 kB.
const REPLY_MAX: usize = 8 * 1024 * 1024;
/// The least time that the master gets to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The commands of a master.
#[derive(Debug, Default)]
pub(in crate::monitor) struct CommandList {
    /// Those that the built-in table lacks.
    pub(in crate::monitor) learned: Learned,
    /// Those that rules of users may name.
    pub(in crate::monitor) catalog: Catalog,
}

/// Why the commands are not known.
#[derive(Debug, thiserror::Error)]
pub(in crate::monitor) enum CommandsError {
    /// No answer; worth another try.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// An error reply.
    #[error("COMMAND was refused: {0}")]
    Refused(String),
}

impl CommandsError {
    /// Whether the server would give the same answer the next time.
    pub(in crate::monitor) fn is_final(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Link(LinkError::TooLong(_) | LinkError::Protocol))
    }
}

/// Asks over a separate connection: the reply is long, and while it takes its time, the master must
/// not look as if it did not answer.
pub(in crate::monitor) async fn ask_commands(
    dial: Dial,
    resolver: Resolver,
) -> Result<CommandList, CommandsError> {
    ask(&mut Link::open_with(&dial.patient(PATIENCE), &resolver).await?).await
}

/// Asks a server for the commands that rules of users may name; `None` if it does not tell.
pub(crate) async fn ask_catalog(dial: Dial) -> Option<Arc<Catalog>> {
    let mut link = Link::open(&dial.patient(PATIENCE)).await.ok()?;
    Some(Arc::new(ask(&mut link).await.ok()?.catalog))
}

async fn ask(link: &mut Link) -> Result<CommandList, CommandsError> {
    let replies = link.ask(&[&[b"COMMAND"]], REPLY_MAX).await?;
    match replies.first() {
        Some(BytesFrame::Error(error)) => Err(CommandsError::Refused(brief(error))),
        Some(reply) => Ok(CommandList {
            learned: Learned::from_command_reply(reply),
            catalog: Catalog::new().with_reply(reply),
        }),
        None => Err(LinkError::Protocol.into()),
    }
}
