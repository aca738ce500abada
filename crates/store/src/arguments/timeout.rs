//! How long a command may block.

use crate::call::CommandError;
use crate::dialect::Dialect;

/// Checks the seconds that a command may block (`getTimeoutFromObjectOrReply`).
pub(crate) fn seconds(word: &[u8], dialect: Dialect) -> Result<(), CommandError> {
    const NEGATIVE: CommandError = CommandError::new("ERR timeout is negative");
    let seconds = std::str::from_utf8(word).ok().and_then(|text| text.parse::<f64>().ok());
    match seconds {
        Some(seconds) if seconds < 0.0 => Err(NEGATIVE),
        // More milliseconds than a time can have.
        Some(seconds) if seconds * 1000.0 >= 9_223_372_036_854_775_808.0 => {
            // Redis 6.2 and 7.0 let it overflow.
            let old = !dialect.packs_lists();
            Err(if old { NEGATIVE } else { CommandError::new("ERR timeout is out of range") })
        }
        Some(seconds) if !seconds.is_nan() => Ok(()),
        _ => Err(CommandError::new("ERR timeout is not a float or out of range")),
    }
}
