//! The data that a read must include, by the consistency level of its session.

use std::rc::Rc;

use tokio::time::Instant;

use crate::client::batch::batch::Batch;
use crate::client::batch::need::{Minimums, Need, reached};
use crate::client::sending::order;
use crate::client::state::client::Client;
use crate::config::ReadFrom;
use crate::consistency::{Bound, LastWrite, Level, OwnWrites, WriteTable};
use crate::routing::{Failing, ReadPolicy, Route, Target, stay};
use crate::session::Touches;
use crate::topology::Shard;

/// The servers of a read that would go to `target`, and what their data must include.
#[inline]
pub(in crate::client) fn need<'a>(
    client: &Client,
    batch: &mut Batch<'_>,
    target: Target,
    touches: impl FnOnce() -> Touches<'a>,
) -> Need {
    if client.level() == Level::Bounded || target == Target::Write {
        return Need::any(target);
    }
    let need =
        if target == Target::Read { of_level(client, batch, touches) } else { Need::any(target) };
    if need.target == Target::Master {
        // It shows the master's data, which the reads behind it must not be older than.
        batch.minimums = Some(Minimums::BEHIND_MASTER);
    }
    need
}

fn of_level<'a>(
    client: &Client,
    batch: &mut Batch<'_>,
    touches: impl FnOnce() -> Touches<'a>,
) -> Need {
    let level = client.level();
    if level == Level::Strong && batch.level != Level::Strong {
        return Need::MASTER;
    }
    if level == Level::Strong || client.reads.servers() == ReadFrom::Master {
        return Need::any(Target::Read);
    }
    let minimums = match batch.minimums {
        Some(minimums) => minimums,
        None => *batch.minimums.insert(look(client, batch)),
    };
    let table = &client.worker.shared.writes;
    // The batch's server of reads is not chosen before the first one.
    let enough = batch.reached.max(minimums.reader_has());
    let last = || last_write(table, touches(), enough);
    let minimum = minimums.of(level, last);
    batch.awaits_bound = minimum.is_none() && minimums.own_are_open();
    match minimum.map(|bound| batch.shard().history.requires(bound)) {
        Some(minimum) => Need { target: Target::Read, minimum },
        None => {
            client.worker.counts.reads_raised.add(u64::from(!batch.awaits_bound));
            Need::MASTER
        }
    }
}

/// What this batch's reads must include, apart from the last writes of their keys.
fn look(client: &Client, batch: &Batch<'_>) -> Minimums {
    let worker = Rc::clone(&client.worker);
    let table = &worker.shared.writes;
    if !table.is_used() && table.begin_use() {
        // Nothing is known of the writes so far.
        worker.questions.note_so_far();
        worker.ask_bounds();
    }
    table.begin_period(worker.now_ms());
    if client.inbox.minimum().is_new() && !table.is_from_start() {
        worker.questions.note_seen(&client.inbox);
        worker.ask_bounds();
    }
    let (session, reader_has) = told(client, batch.shard());
    Minimums::new(session, own_writes(client), table.of_everything()).at_reader(reader_has)
}

/// The bound of what the session has read, `None` while only the master surely has it; and what the
/// server that it has read from is known to have reached.
///
/// A session stays at the server that it has read from. It leaves if that serves no reads any more,
/// or after a while; what it has read there bounds its next reads elsewhere. While no master can be
/// asked for that bound, it stays.
fn told(client: &Client, shard: &Shard) -> (Option<Bound>, Bound) {
    let (inbox, worker) = (&client.inbox, &client.worker);
    let unanswered = inbox.replies().unanswered();
    let known = || inbox.minimum().known(&shard.history);
    let Some(reader) = inbox.reader.get() else { return (known(), Bound::NONE) };
    let query = worker.query(client.reads, Target::Read, None);
    let route = stay(shard, reader, query);
    let probed = |route: Route<'_>| reached(shard, route.backend, Bound::NONE, query.now_ms);
    let (stays, probed) = (route.is_some(), route.map_or(Bound::NONE, probed));
    if stays && shard.open_master().is_none() {
        return (inbox.minimum().known_at_reader(&shard.history), probed);
    }
    let leaves = !stays || inbox.reader.is_over(query.now_ms);
    if leaves && !inbox.reader.is_leaving() && inbox.elsewhere() > unanswered {
        // What is still under way there may be newer than the master's answer.
        return (None, probed);
    }
    if leaves && inbox.reader.begin_to_leave() {
        worker.questions.note_stay(inbox);
        worker.ask_bounds();
    }
    let known = known();
    if inbox.reader.is_leaving() && known.is_some() {
        inbox.reader.leave();
    }
    (known, probed)
}

/// Whether a request that was for `wanted` may leave now, to `target`: a read at the master does not
/// overtake reads of its keys at a replica, where the level promises that no read is older than the
/// one before it.
#[inline]
pub(in crate::client) fn keeps_order<'a>(
    client: &mut Client,
    batch: &mut Batch<'_>,
    (wanted, target): (Target, Target),
    touches: impl FnOnce() -> Touches<'a>,
) -> bool {
    let moves = wanted == Target::Read && target == Target::Master;
    if !moves || client.level() == Level::Bounded {
        client.bound_wait = None;
        return true;
    }
    !awaits_bound(client, batch) && order::read_passes(client, batch, touches)
}

/// Whether a read waits for a moment, because the bound of its session's own write is not known: the
/// master is asked for it now.
fn awaits_bound(client: &mut Client, batch: &mut Batch<'_>) -> bool {
    let patience = client.config.reads.floor_wait;
    if !std::mem::take(&mut batch.awaits_bound) || patience.is_zero() {
        return false;
    }
    let Some(master) = batch.shard().open_master() else { return false };
    let until = *client.bound_wait.get_or_insert(batch.now + patience);
    if Instant::now() >= until {
        client.bound_wait = None;
        client.worker.counts.reads_raised.increment();
        return false;
    }
    let key = client.worker.key_of(&client.session);
    let connection = client.worker.pool.borrow_mut().shared(master, key);
    batch.flush(&client.inbox);
    connection.ask_now();
    client.inbox.minimum().wait();
    client.worker.wake_at_tick(&client.inbox);
    true
}

/// What the data of a read's server must include now, for people; `None` if only the master is known
/// to have it.
pub(in crate::client) fn shown(
    client: &Client,
    shard: &Shard,
    level: Level,
    request: &[u8],
) -> Option<Bound> {
    if !level.notes_writes() {
        return Some(Bound::NONE);
    }
    let session = client.inbox.minimum().known_at_reader(&shard.history);
    required(client, shard, session, (level, request))
}

fn own_writes(client: &Client) -> OwnWrites {
    client.inbox.minimum().own_writes(client.inbox.replies().unanswered())
}

/// What a read at this level must include, in a session that has read `session`.
fn required(
    client: &Client,
    shard: &Shard,
    session: Option<Bound>,
    (level, request): (Level, &[u8]),
) -> Option<Bound> {
    let table = &client.worker.shared.writes;
    let minimums = Minimums::new(session, own_writes(client), table.of_everything());
    let minimum =
        minimums.of(level, || last_write(table, Touches::of_request(request), Bound::NONE))?;
    Some(shard.history.requires(minimum))
}

/// Where a read is asked again that a server has failed, and what that server's data must include.
/// `None` if only the master surely has it.
pub(in crate::client) fn again<'t>(
    client: &Client,
    shard: &'t Shard,
    policy: ReadPolicy,
    except: Failing,
    request: &[u8],
) -> Option<(Route<'t>, Bound)> {
    let has_master = shard.open_master().is_some_and(|it| it.id != except.id || !except.unreached);
    if has_master {
        return None;
    }
    let (inbox, worker) = (&client.inbox, &client.worker);
    let unanswered = inbox.replies().unanswered();
    if inbox.written() > unanswered {
        // The read may stand behind a write that waits for the next master.
        return None;
    }
    let query = worker.query(policy, Target::Read, Some(except));
    let (session, route) = match inbox.reader.get() {
        Some(reader) => {
            let session = inbox.minimum().known_at_reader(&shard.history);
            (session, stay(shard, reader, query)?)
        }
        None => {
            let session = inbox.minimum().known(&shard.history);
            let route = worker.route(shard, policy, Target::Read, Some(except));
            (session, route.ok()?)
        }
    };
    Some((route, required(client, shard, session, (policy.level, request))?))
}

/// The last write of what a read touches, or the bound of later ones up to `enough`.
fn last_write(table: &WriteTable, touches: Touches<'_>, enough: Bound) -> LastWrite {
    match touches {
        Touches::Key(key) => table.of_key(key, enough),
        Touches::Keys(keys) => keys
            .map(|key| table.of_key(key, enough))
            .fold(LastWrite::At(Bound::NONE), LastWrite::and),
        Touches::Any => table.of_all(),
    }
}

/// Whether the session has read at another server than the engine of this process, whose data may be
/// older.
#[inline]
pub(in crate::client) fn is_away(client: &Client) -> bool {
    client.level().notes_writes() && client.inbox.reader.get().is_some()
}
