//! One server, asked once what it is.

use super::answer::{AnswerError, QUESTIONS, observe};
use super::link::{Dial, Link, LinkError};
use crate::topology::Observation;

/// Longest answer to one question, in bytes.
const ANSWER_MAX: usize = 1024 * 1024;

/// What came of it.
#[derive(Debug)]
pub(super) struct Probed {
    /// The connection, if it is good for another time.
    pub(super) link: Option<Link>,
    /// Whether it was opened just now.
    pub(super) is_new: bool,
    /// The answer; `None` where the server is well but too busy for one.
    pub(super) said: Option<Said>,
}

/// What a server said of itself, or why it did not, in words.
pub(super) type Said = Result<Observation, String>;

/// Asks over `link`, or over a new connection where there is none.
pub(super) async fn probe(link: Option<Link>, dial: Dial) -> Probed {
    if let Some(link) = link.and_then(|link| link.continued(&dial)) {
        match ask(link).await {
            // The server closed it: it may have been restarted, or told to kill its clients. Only a
            // new connection shows whether it is well.
            Err(LinkError::Io(_)) => {}
            outcome => return probed(outcome, false),
        }
    }
    let outcome = match Link::open(&dial).await {
        Ok(link) => ask(link).await,
        Err(error) => Err(error),
    };
    probed(outcome, true)
}

type Answer = (Link, Option<Said>);

async fn ask(mut link: Link) -> Result<Answer, LinkError> {
    let replies = link.ask(&QUESTIONS, ANSWER_MAX).await?;
    let said = match observe(&replies) {
        Ok(said) => Some(Ok(said)),
        Err(AnswerError::Busy) => None,
        Err(error) => Some(Err(error.to_string())),
    };
    Ok((link, said))
}

fn probed(outcome: Result<Answer, LinkError>, is_new: bool) -> Probed {
    match outcome {
        Ok((link, said)) => Probed { link: Some(link), is_new, said },
        Err(error) => Probed { link: None, is_new, said: Some(Err(error.to_string())) },
    }
}
