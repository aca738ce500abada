//! The consistency level of one read: what PROXY NEXT asked for, else that of the first `[[rule]]`
//! that matches, else the session's.

use crate::client::batch::batch::Batch;
use crate::client::state::client::Client;
use crate::consistency::Level;
use crate::routing::rules::{Asked, KeysOf};
use crate::routing::{ReadPolicy, Target};
use crate::session::Next;
use tidegate_wire::command::{Command, Resolved, resolve};
use tidegate_wire::resp::Args;

/// What decided the level of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum DecidedBy {
    /// PROXY NEXT.
    Next,
    /// The rule at this place of the file, counted from 0.
    Rule(usize),
    /// What the session has said: PROXY CONSISTENCY, READWRITE.
    Session,
    /// `[[listener]]` or `[reads]`.
    Port,
}

/// A read, as far as its level depends on it; `None` for a request that is no read.
pub(in crate::client) type Read<'a> = Option<(&'a str, KeysOf<'a>)>;

/// The read that `frame` is, a request of `argc` words.
pub(in crate::client) fn read_of<'a>(
    command: Option<&Resolved<'a>>,
    frame: &'a [u8],
    argc: usize,
) -> Read<'a> {
    let command = command.filter(|_| Target::of(command) == Target::Read)?;
    Some((command.name, KeysOf::new(command.keys, frame, argc)))
}

/// The same for a request of an ordinary command.
pub(in crate::client) fn plain_read<'a>(
    target: Target,
    command: &'static Command,
    frame: &'a [u8],
    argc: usize,
) -> Read<'a> {
    (target == Target::Read).then(|| (command.name, KeysOf::new(command.keys, frame, argc)))
}

/// The level of a read, and what decided it. Where the session asked for a level, no rule weakens
/// it.
pub(in crate::client) fn decide(client: &Client, read: Read<'_>) -> (Level, DecidedBy) {
    let choice = &client.session.reads;
    if let Some(next) = choice.next {
        return (next.level(), DecidedBy::Next);
    }
    let own = client.policies.session().level;
    let rule = client.policies.rules().zip(read).and_then(|(rules, (name, keys))| {
        let (user, db) = (client.session.user().name(), client.session.db);
        rules.judge(&Asked { name, keys, user, db })
    });
    match (rule, choice.asked()) {
        (Some((at, level)), asked) if asked.is_none_or(|asked| asked <= level) => {
            (level, DecidedBy::Rule(at))
        }
        (_, Some(_)) => (own, DecidedBy::Session),
        (_, None) => (own, DecidedBy::Port),
    }
}

/// Sets the policy for the request at hand. False where the engine has to answer the requests
/// before it first, because this one is read in another way.
pub(in crate::client) fn begin(client: &mut Client, batch: &mut Batch<'_>, read: Read<'_>) -> bool {
    if let Some(Next::Sent(_)) = client.session.reads.next {
        // The request that it was for is answered: all others have waited for that.
        client.session.reads.next = None;
        client.follow_choice();
    }
    let (level, by) = decide(client, read);
    let own = client.policies.session();
    // A single strong read of a session that has another level goes to the master as a read does
    // whose data only the master has: the session's later reads must include what it sees.
    let is_apart = level == Level::Strong && own.level != Level::Strong;
    if !is_apart {
        if batch.is_local() && batch.reads_otherwise(level) {
            return false;
        }
        set_level(client, batch, level);
    }
    if by == DecidedBy::Next {
        client.session.reads.next = Some(Next::Begun(level));
    }
    client.reads = own.at(level);
    true
}

/// The session has said something about its reads: the next ones are at its level.
pub(in crate::client) fn follow_choice(client: &mut Client, batch: &mut Batch<'_>) {
    client.follow_choice();
    batch.forget(&client.inbox);
    set_level(client, batch, client.level());
}

/// The next reads are at this level. Those of a level that notes what they see must include what
/// strong reads have seen.
fn set_level(client: &Client, batch: &mut Batch<'_>, level: Level) {
    let was_strong = batch.level == Level::Strong;
    batch.set_level(level, &client.inbox);
    if was_strong && level.notes_writes() {
        client.worker.questions.note_seen(&client.inbox);
        client.worker.ask_bounds();
    }
}

/// The request at hand has left or was answered. If PROXY NEXT was for it, the next one waits until
/// it is answered.
pub(in crate::client) fn end(client: &mut Client, batch: &mut Batch<'_>) {
    if let Some(Next::Begun(level)) = client.session.reads.next {
        // What is not sent yet owes no reply that the next request could wait for.
        batch.flush(&client.inbox);
        client.session.reads.next = Some(Next::Sent(level));
        client.reading.need_answers(true);
    }
}

/// The policy for a request that is sent again.
pub(in crate::client) fn policy_again(client: &Client, frame: &[u8]) -> ReadPolicy {
    if !client.varies() {
        return client.policies.session();
    }
    let mut words = Args::new(frame);
    let argc = words.left();
    let (name, second) = (words.next().unwrap_or_default(), words.next());
    let topology = client.worker.topology();
    let command = resolve(&topology.learned, name, second);
    let (level, _) = decide(client, read_of(command.as_ref(), frame, argc));
    client.policies.session().at(level)
}
