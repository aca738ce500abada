//! Commands of the replication stream that change no data.

use super::fault::ApplyError;
use tidegate_replication::is_getack;

/// A command of the stream that changes no data.
#[derive(Clone, Copy, Debug)]
pub(super) enum Control<'b> {
    /// Selects this database for the commands that follow.
    Select(usize),
    /// The master asks how far the data are.
    GetAck,
    /// A message for subscribers.
    Publish { channel: &'b [u8], message: &'b [u8], is_sharded: bool },
    /// A command without effect here.
    Nothing,
}

impl<'b> Control<'b> {
    /// Reads a command that the store does not have.
    ///
    /// # Errors
    /// [`ApplyError`], if the command is not known here.
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
        // A script has no effect until it runs, and its changes come as commands.
        if is("PING") || is("SCRIPT") {
            return Ok(Self::Nothing);
        }
        Err(ApplyError::Unknown(name_of(args)))
    }
}

/// Returns the command's name and its first argument, shortened for log lines and errors.
pub(super) fn name_of(args: &[&[u8]]) -> String {
    let short = |word: &&[u8]| word.iter().take(64).copied().collect::<Vec<_>>();
    let words: Vec<_> = args.iter().take(2).map(short).collect();
    words.join(&b' ').escape_ascii().to_string()
}
