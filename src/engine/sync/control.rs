//! Commands of the replication stream that are no matter of the data.

use super::fault::ApplyError;
use tidegate_replication::is_getack;

/// What is in the stream and is no matter of the data.
#[derive(Clone, Copy, Debug)]
pub(super) enum Control<'b> {
    /// What follows is of this database.
    Select(usize),
    /// The master wants to be told how far the data is.
    GetAck,
    /// To whoever has subscribed.
    Publish { channel: &'b [u8], message: &'b [u8], is_sharded: bool },
    /// No effect here.
    Nothing,
}

impl<'b> Control<'b> {
    /// Of a command that the store does not have.
    ///
    /// # Errors
    /// [`ApplyError`]: it is nothing that is known here.
    pub(super) fn of(args: &[&'b [u8]], databases: usize) -> Result<Self, ApplyError> {
        let name = args.first().copied().unwrap_or_default();
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        if is("SELECT") {
            let text = String::from_utf8_lossy(args.get(1).copied().unwrap_or_default());
            let wanted = text.parse().ok().filter(|wanted| *wanted < databases);
            return wanted.map(Self::Select).ok_or_else(|| ApplyError::Database(text.into_owned()));
        }
        if is("REPLCONF") {
            return Ok(if is_getack(args) { Self::GetAck } else { Self::Nothing });
        }
        if let [_, channel, message] = *args
            && (is("PUBLISH") || is("SPUBLISH"))
        {
            return Ok(Self::Publish { channel, message, is_sharded: is("SPUBLISH") });
        }
        // A script's text has no effect until it is run, and what it does comes as commands.
        if is("PING") || is("SCRIPT") {
            return Ok(Self::Nothing);
        }
        Err(ApplyError::Unknown(name_of(args)))
    }
}

/// The command's name and its first argument, shortened, for people.
pub(super) fn name_of(args: &[&[u8]]) -> String {
    let short = |word: &&[u8]| word.iter().take(64).copied().collect::<Vec<_>>();
    let words: Vec<_> = args.iter().take(2).map(short).collect();
    words.join(&b' ').escape_ascii().to_string()
}
