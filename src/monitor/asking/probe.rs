//! One question to one server: everything, or its replication offset.

use std::net::SocketAddr;

use tokio::time::Instant;

use super::answer::{AnswerError, QUESTIONS, is_busy, observe};
use super::frame::is_error;
use super::link::{Dial, Link, LinkError};
use super::position::{self, Asked};
use crate::net::Resolver;
use crate::topology::{Observation, Sample};
use tidegate_wire::units::{micros, millis};

/// The longest answer to one question, in bytes.
const ANSWER_MAX: usize = 1024 * 1024;
/// The short question, which is asked many times a second. Its answer has offset and history in one
/// piece.
const POSITION: [&[&[u8]]; 1] = [&[b"INFO", b"replication"]];

/// The outcome of a question.
#[derive(Debug)]
pub(in crate::monitor) struct Probed {
    /// The connection, if it can be used again.
    pub(in crate::monitor) link: Option<Link>,
    /// The address that was reached.
    pub(in crate::monitor) reached: Option<SocketAddr>,
    /// Whether it was opened for this question.
    pub(in crate::monitor) is_new: bool,
    /// Whether the server had closed the connection before it.
    pub(in crate::monitor) was_severed: bool,
    /// The answer; `None` if the server is reachable but too busy to answer, or was asked the short
    /// question.
    pub(in crate::monitor) said: Option<Said>,
    /// Its place in the replication stream, if it reported one.
    pub(in crate::monitor) sample: Option<Sample>,
}

/// A server's answer, or the reason why there is none, in words.
pub(in crate::monitor) type Said = Result<Observation, String>;

/// Asks a server everything, over `link` or a new connection. `epoch` is where the process's clock
/// begins.
pub(in crate::monitor) async fn probe(
    link: Option<Link>,
    dial: Dial,
    resolver: Resolver,
    epoch: Instant,
) -> Probed {
    let mut was_severed = false;
    if let Some(link) = link.and_then(|link| link.continued(&dial)) {
        match ask(link, epoch).await {
            // The server closed it: it may have been restarted, or told to kill its clients. Only a
            // new connection shows whether it works.
            Err(LinkError::Io(_)) => was_severed = true,
            outcome => return probed(outcome, false),
        }
    }
    let outcome = match Link::open_with(&dial, &resolver).await {
        Ok(link) => ask(link, epoch).await,
        Err(error) => Err(error),
    };
    Probed { was_severed, ..probed(outcome, true) }
}

/// Asks a server for its replication offset. If the connection fails, that proves nothing about the
/// server: the next probe opens another one.
pub(in crate::monitor) async fn ask_position(mut link: Link, epoch: Instant) -> Probed {
    let sent = Instant::now();
    let outcome = link.ask(&POSITION, ANSWER_MAX).await;
    let asked = asked(epoch, sent);
    match outcome {
        Ok(replies) => {
            let sample = position::sample(&replies, asked, link.addrs());
            // A server that runs a script for too long need not be asked everything.
            let busy = replies.iter().any(is_busy);
            let refused = sample.is_none() && !busy && replies.iter().any(is_error);
            Probed {
                reached: link.peer(),
                link: (!refused).then_some(link),
                is_new: false,
                was_severed: false,
                said: None,
                sample,
            }
        }
        Err(_) => Probed {
            link: None,
            reached: None,
            is_new: false,
            was_severed: false,
            said: None,
            sample: None,
        },
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
            let reached = link.peer();
            Probed { link: Some(link), reached, is_new, was_severed: false, said, sample }
        }
        Err(error) => {
            let said = Some(Err(error.to_string()));
            Probed { link: None, reached: None, is_new, was_severed: false, said, sample: None }
        }
    }
}
