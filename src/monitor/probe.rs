//! One server, asked once what it is or how far it has come.

use tokio::time::Instant;

use super::answer::{AnswerError, QUESTIONS, is_busy, observe};
use super::frame::is_error;
use super::link::{Dial, Link, LinkError};
use super::position::{self, Asked};
use crate::topology::{Observation, Sample};
use tidegate_wire::units::{micros, millis};

/// Longest answer to one question, in bytes.
const ANSWER_MAX: usize = 1024 * 1024;
/// The short question: it is asked many times a second, and its answer tells offset and history in
/// one piece.
const PULSE: [&[&[u8]]; 1] = [&[b"INFO", b"replication"]];

/// What came of it.
#[derive(Debug)]
pub(super) struct Probed {
    /// The connection, if it is good for another time.
    pub(super) link: Option<Link>,
    /// Whether it was opened just now.
    pub(super) is_new: bool,
    /// Whether the server had closed the one before it.
    pub(super) was_severed: bool,
    /// The answer; `None` where the server is well but too busy for one, or was asked the short
    /// question only.
    pub(super) said: Option<Said>,
    /// How far it has come, if it told.
    pub(super) sample: Option<Sample>,
}

/// What a server said of itself, or why it did not, in words.
pub(super) type Said = Result<Observation, String>;

/// Asks over `link`, or over a new connection where there is none. `epoch` is where the process's
/// clock begins.
pub(super) async fn probe(link: Option<Link>, dial: Dial, epoch: Instant) -> Probed {
    let mut was_severed = false;
    if let Some(link) = link.and_then(|link| link.continued(&dial)) {
        match ask(link, epoch).await {
            // The server closed it: it may have been restarted, or told to kill its clients. Only a
            // new connection shows whether it is well.
            Err(LinkError::Io(_)) => was_severed = true,
            outcome => return probed(outcome, false),
        }
    }
    let outcome = match Link::open(&dial).await {
        Ok(link) => ask(link, epoch).await,
        Err(error) => Err(error),
    };
    Probed { was_severed, ..probed(outcome, true) }
}

/// Asks the short question. A connection that fails says nothing of the server: the next probe
/// opens another one.
pub(super) async fn pulse(mut link: Link, epoch: Instant) -> Probed {
    let sent = Instant::now();
    let outcome = link.ask(&PULSE, ANSWER_MAX).await;
    let asked = asked(epoch, sent);
    match outcome {
        Ok(replies) => {
            let sample = position::sample(&replies, asked, link.addrs());
            // A script that runs for too long is no reason to ask why.
            let busy = replies.iter().any(is_busy);
            let refused = sample.is_none() && !busy && replies.iter().any(is_error);
            Probed {
                link: (!refused).then_some(link),
                is_new: false,
                was_severed: false,
                said: None,
                sample,
            }
        }
        Err(_) => {
            Probed { link: None, is_new: false, was_severed: false, said: None, sample: None }
        }
    }
}

type Answer = (Link, Option<Said>, Option<Sample>);

async fn ask(mut link: Link, epoch: Instant) -> Result<Answer, LinkError> {
    let sent = Instant::now();
    let replies = link.ask(&QUESTIONS, ANSWER_MAX).await?;
    let asked = asked(epoch, sent);
    let said = match observe(&replies) {
        Ok(said) => Some(Ok(said)),
        Err(AnswerError::Busy) => None,
        Err(error) => Some(Err(error.to_string())),
    };
    let usable = matches!(said, Some(Ok(_)));
    let sample = position::sample(&replies, asked, link.addrs()).filter(|_| usable);
    Ok((link, said, sample))
}

fn asked(epoch: Instant, sent: Instant) -> Asked {
    let at = |moment: Instant| millis(moment.saturating_duration_since(epoch));
    let now = Instant::now();
    Asked { sent_ms: at(sent), received_ms: at(now), took_us: micros(now - sent) }
}

fn probed(outcome: Result<Answer, LinkError>, is_new: bool) -> Probed {
    match outcome {
        Ok((link, said, sample)) => {
            Probed { link: Some(link), is_new, was_severed: false, said, sample }
        }
        Err(error) => {
            let said = Some(Err(error.to_string()));
            Probed { link: None, is_new, was_severed: false, said, sample: None }
        }
    }
}
