//! Asks a server which of the needed rights a login has.

use redis_protocol::resp2::types::BytesFrame;

use super::need::{DISCARD, EXEC, MULTI, Need, OPERATORS};
use crate::monitor::{Link, LinkError};

/// The longest reply, in bytes.
const REPLY_MAX: usize = 1024 * 1024;

/// The result of asking for a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The login has it.
    Has,
    /// The login lacks it.
    Lacks,
    /// The server has no such command.
    NoCommand,
    /// The server did not tell.
    Unknown,
}

/// The rights of a login at one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    /// Each need with its answer.
    pub(super) answers: Vec<(Need, Answer)>,
    /// Whether the login may send operators' commands.
    pub(super) is_operator: bool,
}

impl Rights {
    /// The needs with this answer.
    pub(super) fn with(&self, wanted: Answer) -> impl Iterator<Item = &Need> {
        self.answers.iter().filter(move |it| it.1 == wanted).map(|it| &it.0)
    }
}

/// Asks a server for `needs`, and for the rights of a transaction. The server checks the rights of
/// each request of a transaction at once; the transaction is discarded, so none is executed.
pub(super) async fn ask_in_transaction(
    link: &mut Link,
    needs: &[Need],
) -> Result<Rights, LinkError> {
    let begun = one(link, MULTI.ask).await?;
    if begun != Answer::Has {
        return ask_without_transaction(link, needs).await;
    }
    let mut requests: Vec<_> = needs.iter().map(|need| need.ask).collect();
    requests.extend([OPERATORS, DISCARD.ask]);
    let mut replies = many(link, &requests).await?;
    let discarded = replies.pop().unwrap_or(Answer::Unknown);
    let is_operator = replies.pop() == Some(Answer::Has);
    let mut answers = vec![(MULTI, begun)];
    answers.extend(needs.iter().copied().zip(replies));
    answers.push((DISCARD, discarded));
    // A transaction that was not discarded must not be executed.
    if discarded == Answer::Has {
        answers.push((EXEC, one(link, EXEC.ask).await?));
    }
    for (need, answer) in answers.iter_mut().filter(|it| it.1 == Answer::Unknown) {
        *answer = dry_run(link, need.ask).await?;
    }
    Ok(Rights { answers, is_operator })
}

/// Asks a server that refuses MULTI. It executes what it permits, so it is not asked for orders.
async fn ask_without_transaction(link: &mut Link, needs: &[Need]) -> Result<Rights, LinkError> {
    let (orders, questions): (Vec<Need>, Vec<Need>) = needs.iter().partition(|it| it.is_order());
    let Rights { mut answers, .. } = ask_plainly(link, &questions).await?;
    for need in orders {
        answers.push((need, dry_run(link, need.ask).await?));
    }
    answers.push((MULTI, Answer::Lacks));
    for need in [DISCARD, EXEC] {
        answers.push((need, one(link, need.ask).await?));
    }
    Ok(Rights { answers, is_operator: false })
}

/// Asks a Sentinel for `needs`, none of which changes anything.
pub(super) async fn ask_plainly(link: &mut Link, needs: &[Need]) -> Result<Rights, LinkError> {
    let requests: Vec<_> = needs.iter().map(|need| need.ask).collect();
    let answers = needs.iter().copied().zip(many(link, &requests).await?).collect();
    Ok(Rights { answers, is_operator: false })
}

async fn one(link: &mut Link, request: &[&str]) -> Result<Answer, LinkError> {
    Ok(many(link, &[request]).await?.pop().unwrap_or(Answer::Unknown))
}

async fn many(link: &mut Link, requests: &[&[&str]]) -> Result<Vec<Answer>, LinkError> {
    let words: Vec<Vec<&[u8]>> =
        requests.iter().map(|words| words.iter().map(|it| it.as_bytes()).collect()).collect();
    let words: Vec<&[&[u8]]> = words.iter().map(Vec::as_slice).collect();
    Ok(link.ask(&words, REPLY_MAX).await?.iter().map(read).collect())
}

fn read(reply: &BytesFrame) -> Answer {
    let BytesFrame::Error(error) = reply else { return Answer::Has };
    if error.starts_with("NOPERM") {
        return Answer::Lacks;
    }
    let lower = error.to_ascii_lowercase();
    if lower.starts_with("err unknown") {
        Answer::NoCommand
    } else if lower.contains("not allowed inside a transaction") {
        // Redis 7.0 says so before it looks at the rights.
        Answer::Unknown
    } else {
        Answer::Has
    }
}

/// Asks with ACL DRYRUN, which few logins may send, and no Redis before 7.0 has.
async fn dry_run(link: &mut Link, request: &[&str]) -> Result<Answer, LinkError> {
    let whoami: [&[u8]; 2] = [b"ACL", b"WHOAMI"];
    let user = link.ask(&[&whoami], REPLY_MAX).await?.pop();
    let Some(BytesFrame::BulkString(user)) = user else { return Ok(Answer::Unknown) };
    let mut words: Vec<&[u8]> = vec![b"ACL", b"DRYRUN", &user];
    words.extend(request.iter().map(|it| it.as_bytes()));
    Ok(match link.ask(&[&words], REPLY_MAX).await?.pop() {
        Some(BytesFrame::SimpleString(ok)) if &ok[..] == b"OK" => Answer::Has,
        Some(BytesFrame::BulkString(_)) => Answer::Lacks,
        _ => Answer::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_for_another_reason_shows_that_the_right_is_there() {
        let of = |text: &str| read(&BytesFrame::Error(text.into()));
        assert_eq!(
            of("NOPERM this user has no permissions to run the 'role' command"),
            Answer::Lacks
        );
        assert_eq!(of("NOPERM No permissions to access a key"), Answer::Lacks);
        assert_eq!(of("ERR unknown subcommand 'SETINFO'. Try CLIENT HELP."), Answer::NoCommand);
        assert_eq!(of("ERR Unknown subcommand or wrong number of arguments"), Answer::NoCommand);
        assert_eq!(of("ERR Command 'psync' not allowed inside a transaction"), Answer::Unknown);
        assert_eq!(of("ERR EXEC without MULTI"), Answer::Has);
        assert_eq!(read(&BytesFrame::SimpleString("QUEUED".into())), Answer::Has);
    }
}
