//! Every command of the table, in every state of a session, the servers and the configuration.

use std::sync::Arc;

use super::*;
use crate::consistency::{LagLimit, Level};
use crate::routing::{OnStale, ReadPolicy};
use crate::session::{ReadFrom, Tracking};
use crate::topology::{Backend, BackendId, Health, Hold, HoldReason, Role, ShardId};
use tidegate_wire::command::{Command, Learned, Subscription, all, resolve};
use tidegate_wire::units::HostPort;

/// When everything here happens.
const NOW: u64 = 10_000;

/// What a session may be in.
const STATES: [&str; 8] =
    ["plain", "watching", "multi", "lost", "subscriber", "resp3", "monitor", "tracking"];

fn session(state: &str) -> Session {
    let mut session =
        Session::new(1, crate::session::without_login(&tidegate_acl::Acl::new(Arc::default())));
    match state {
        "watching" => session.transaction.watch(),
        "multi" | "lost" => {
            session.transaction.open();
            session.transaction.note(true);
        }
        "subscriber" | "resp3" => {
            session.subscriptions.subscribe(Subscription::Channel, [&b"c"[..]].into_iter());
        }
        "monitor" => session.monitor = true,
        "tracking" => session.tracking = Some(Tracking { redirect: 0, broadcast: false }),
        _ => {}
    }
    if state == "lost" {
        session.transaction.lose();
    }
    if state == "resp3" {
        session.version = tidegate_wire::resp::RespVersion::V3;
    }
    session
}

fn shard(has_master: bool, is_expected: bool, is_open: bool) -> Shard {
    let backend = |id: u32, role| Backend {
        id: BackendId(id),
        addr: HostPort::local(1),
        endpoint: None,
        role,
        weight: 1,
        scan_tag: id,
        data_epoch: 0,
        excluded: None,
        is_local: false,
        pass: 0,
        health: Arc::new(Health::default()),
    };
    let mut shard = Shard { id: ShardId(3), ..Shard::default() };
    shard.backends.extend(has_master.then(|| backend(0, Role::Master)));
    shard.backends.push(backend(1, Role::Replica));
    let reason = HoldReason::Demoted;
    shard.hold = is_expected.then_some(Hold { reason, since_ms: 0, until_ms: NOW + 1 });
    shard.gate.judge(u32::from(!is_open), &mut [], NOW);
    shard
}

fn policy(holds_writes: bool, denies_operators: bool) -> Policy {
    let reads = ReadPolicy {
        level: Level::Bounded,
        from: ReadFrom::Replica,
        max_lag: LagLimit::Published,
        on_stale: OnStale::Wait,
        serve_stale: false,
        silence_ms: 1000,
    };
    Policy { reads, holds_writes, denies_operators }
}

fn planned(words: &[&[u8]], session: &Session, shard: &Shard, policy: &Policy) -> Plan {
    let learned = Learned::default();
    let command = resolve(&learned, words[0], words.get(1).copied());
    let arg = |at: usize| words.get(at).copied().unwrap_or_default();
    let request = Request {
        command: command.as_ref(),
        argc: words.len(),
        arg: &arg,
        has_connection: false,
        locks_out: false,
    };
    plan(&request, session, shard, policy, NOW)
}

/// The plan of a line in a usual place: a master, an open gate, operators let through.
fn usual(state: &str, line: &str) -> Plan {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    planned(&words, &session(state), &shard(true, false, true), &policy(false, false))
}

/// Calls `judge` with every command, its subcommands too, as often as a request of it may differ.
fn each(mut judge: impl FnMut(Option<&Command>, &[&[u8]], &str, &Shard, &Policy, Plan)) {
    let parts = |name: &'static str| name.split('|').map(str::as_bytes);
    let rows = all().flat_map(|row| std::iter::once(row).chain(row.subcommands));
    let mut requests: Vec<(Option<&Command>, Vec<&[u8]>)> =
        vec![(None, vec![&b"nobodys"[..], b"k"])];
    for row in rows {
        let name: Vec<&[u8]> = parts(row.name).collect();
        let least = usize::from(row.arity.unsigned_abs());
        for count in [least, least + 2, name.len()] {
            let more = count.saturating_sub(name.len());
            let words = name.iter().copied().chain(std::iter::repeat_n(&b"1"[..], more));
            requests.push((Some(row), words.collect()));
        }
    }
    let cases: Vec<(Shard, Policy)> = (0..32_u32)
        .map(|bits| {
            let is = |bit: u32| bits >> bit & 1 == 1;
            (shard(is(0), is(1), is(2)), policy(is(3), is(4)))
        })
        .collect();
    for state in STATES {
        let session = session(state);
        for (row, words) in &requests {
            for (shard, policy) in &cases {
                let plan = planned(words, &session, shard, policy);
                judge(*row, words, state, shard, policy, plan);
            }
        }
    }
}

fn target(plan: Plan) -> Option<Target> {
    match plan.action {
        Action::Forward(forward) => Some(forward.target),
        Action::Dedicated(purpose) => Some(purpose.target()),
        Action::Answer | Action::Refuse(_) => None,
    }
}

/// DESIGN.md, section 1: no write, and nothing that no table knows, ever goes to a replica.
#[test]
fn no_write_goes_to_a_replica() {
    each(|row, words, state, _, _, plan| {
        let only_reads = row
            .is_some_and(|row| row.access == Access::Read || row.effect == Effect::ReadOnlyScript);
        if !only_reads {
            let target = target(plan);
            assert!(target.is_none_or(Target::is_master), "{words:?} {state}: {plan:?}");
        }
        if let Action::Forward(forward) = plan.action {
            let may_write = row.is_none_or(|row| row.access == Access::Write);
            assert!(
                !may_write
                    || forward.target == Target::Write
                    || !forward.repeat.may_write()
                        && row.is_some_and(|row| row.effect == Effect::ReadOnlyScript),
                "{words:?} {state}: {plan:?}"
            );
        }
    });
}

/// DESIGN.md, section 1: a write meets a closed gate before any server. It waits, where the
/// configuration says so, and is refused otherwise.
#[test]
fn no_write_passes_a_closed_gate() {
    each(|row, words, state, shard, policy, plan| {
        let is_exec = row.is_some_and(|row| row.effect == Effect::Exec);
        let writes =
            row.is_none_or(
                |row| if is_exec { matches!(state, "multi" | "lost") } else { row.may_write },
            );
        if !writes || shard.gate.is_open(NOW) {
            assert!(plan.hold != Some(HoldUntil::GateOpen), "{words:?} {state}: {plan:?}");
            return;
        }
        if shard.hold.is_some() {
            // It waits for the master, or finds no route; the gate decides when the hold is over.
            let is_forwarded = matches!(plan.action, Action::Forward(it) if it.target.is_master());
            let is_held = plan.hold == Some(HoldUntil::MasterOpen) || state == "lost";
            let is_refused = matches!(plan.action, Action::Refuse(_));
            assert!(is_forwarded || is_held || is_refused, "{words:?} {state}: {plan:?}");
            return;
        }
        let refused = Action::Refuse(Refusal::NoRoute(NoRoute::GateClosed));
        let is_refused = matches!(plan.action, Action::Refuse(_));
        assert!(
            is_refused || plan.hold == Some(HoldUntil::GateOpen),
            "{words:?} {state}: {plan:?}"
        );
        assert!(policy.holds_writes || plan.hold.is_none(), "{words:?} {state}: {plan:?}");
        if plan.hold.is_some() {
            assert_eq!(plan.after_hold().action, refused, "{words:?} {state}");
        }
    });
}

#[test]
fn a_request_goes_to_the_shard_that_it_was_planned_for() {
    each(|_, words, state, shard, _, plan| {
        if let Action::Forward(forward) = plan.action {
            assert_eq!(forward.shard, shard.id, "{words:?} {state}");
        }
    });
}

/// A request that may have run, and may have changed data, is never sent again.
#[test]
fn what_may_have_written_is_sent_again_only_if_it_was_refused() {
    each(|row, words, state, _, _, plan| {
        let Action::Forward(Forward { target, repeat, .. }) = plan.action else { return };
        let is_read = row.is_some_and(|row| {
            matches!(row.access, Access::Read | Access::Master)
                || row.effect == Effect::ReadOnlyScript
        });
        assert_eq!(repeat.may_write(), !is_read, "{words:?} {state}");
        assert!(repeat.target().is_master() || is_read, "{words:?} {state}");
        assert!(target != Target::Write || repeat == Repeat::IfRefused, "{words:?} {state}");
    });
}

/// A session that has a connection of its own says everything over it: its requests keep their
/// order, and find what was said before.
#[test]
fn a_session_with_its_own_connection_uses_no_other() {
    each(|row, words, state, _, _, plan| {
        let unblocks = row.is_some_and(|row| row.name == "client|unblock");
        let is_shared = matches!(plan.action, Action::Forward(_));
        if state != "plain" && !unblocks {
            assert!(!is_shared, "{words:?} {state}: {plan:?}");
        }
    });
}

#[test]
fn operators_commands_are_denied_where_the_configuration_says_so() {
    each(|row, words, state, _, policy, plan| {
        let is_denied = plan.action == Action::Refuse(Refusal::Denied);
        let is_operators = row.is_some_and(|row| row.access == Access::Admin);
        assert_eq!(is_denied, is_operators && policy.denies_operators, "{words:?} {state}");
    });
}

/// The way of ordinary requests that is taken without a plan is the plan's.
#[test]
fn the_short_way_is_the_plans() {
    for row in all().flat_map(|row| std::iter::once(row).chain(row.subcommands)) {
        let Some(target) = Target::of_ordinary(row) else { continue };
        let words: Vec<&[u8]> = row.name.split('|').map(str::as_bytes).collect();
        let plan =
            planned(&words, &session("plain"), &shard(true, false, true), &policy(true, true));
        let Action::Forward(forward) = plan.action else { panic!("{}: {plan:?}", row.name) };
        assert_eq!(forward.target, target, "{}", row.name);
        assert!(plan.hold.is_none() && forward.owner.is_none(), "{}: {plan:?}", row.name);
    }
}

#[test]
fn before_a_login_only_a_login_passes() {
    let mut session = Session::new(1, None);
    session.transaction = Transaction::default();
    for row in all() {
        let words: Vec<&[u8]> = vec![row.name.as_bytes(), b"1"];
        let plan = planned(&words, &session, &shard(true, false, true), &policy(true, false));
        let passes = plan.action != Action::Refuse(Refusal::NotLoggedIn);
        assert_eq!(passes, matches!(row.name, "auth" | "hello" | "quit" | "reset"), "{}", row.name);
    }
}

#[test]
fn a_command_has_the_connection_that_it_needs() {
    use Purpose::{Blocking, Monitor, OutOfBand, PubSub, Tracking, Wait};
    let dedicated = |purpose| Action::Dedicated(purpose);
    for (state, line, action) in [
        ("plain", "MULTI", dedicated(Purpose::Transaction)),
        ("plain", "WATCH k", dedicated(Purpose::Transaction)),
        ("plain", "UNWATCH", Action::Answer),
        ("watching", "UNWATCH", dedicated(Purpose::Transaction)),
        ("plain", "EXEC", Action::Answer),
        ("multi", "EXEC", dedicated(Purpose::Transaction)),
        ("multi", "GET k", dedicated(Purpose::Transaction)),
        ("multi", "nobodys", dedicated(Purpose::Transaction)),
        ("multi", "PING", dedicated(Purpose::Transaction)),
        ("multi", "RESET", Action::Answer),
        ("multi", "HELLO 3", Action::Refuse(Refusal::NotInTransaction)),
        ("multi", "SUBSCRIBE c", Action::Refuse(Refusal::NotInTransaction)),
        ("multi", "CLIENT REPLY OFF", Action::Refuse(Refusal::NotInTransaction)),
        ("plain", "BLPOP k 0", dedicated(Blocking(Target::Write))),
        ("plain", "XREAD BLOCK 0 STREAMS s $", dedicated(Blocking(Target::Read))),
        ("watching", "XREAD STREAMS s 0", dedicated(Purpose::Session(Target::Master))),
        ("plain", "SUBSCRIBE c", dedicated(PubSub)),
        ("subscriber", "GET k", dedicated(Purpose::Session(Target::Master))),
        ("subscriber", "PING", dedicated(Purpose::Session(Target::Master))),
        ("resp3", "PING", Action::Answer),
        ("subscriber", "QUIT", Action::Answer),
        ("plain", "MONITOR", dedicated(Monitor)),
        ("monitor", "SET k v", dedicated(Monitor)),
        ("plain", "CLIENT TRACKING ON", dedicated(Tracking)),
        ("tracking", "GET k", dedicated(Purpose::Session(Target::Master))),
        ("tracking", "SET k v", dedicated(Purpose::Session(Target::Write))),
        ("tracking", "CLIENT LIST", Action::Answer),
        ("watching", "SELECT 1", dedicated(Purpose::Session(Target::Master))),
        ("plain", "SELECT 1", Action::Answer),
        ("plain", "WAIT 1 0", dedicated(Wait)),
        ("plain", "SCRIPT KILL", dedicated(OutOfBand)),
        ("plain", "PROXY TOPOLOGY", Action::Answer),
        ("plain", "POST / HTTP/1.1", Action::Refuse(Refusal::Http)),
        ("plain", "AUTH", Action::Refuse(Refusal::WrongArity)),
    ] {
        assert_eq!(usual(state, line).action, action, "{state}: {line}");
    }
}

#[test]
fn an_iteration_stays_with_the_server_that_began_it() {
    let way = |line: &str| match usual("plain", line) {
        Plan { action: Action::Forward(Forward { target, owner, .. }), why, .. } => {
            (target, owner, why)
        }
        other => panic!("{line}: {other:?}"),
    };
    assert_eq!(way("SCAN 0"), (Target::Read, None, Why::ScanBegins));
    assert_eq!(way("SCAN 17"), (Target::Master, None, Why::ScanAtMaster));
    let cursor = 5_u64 << 33 | 17;
    assert_eq!(way(&format!("SCAN {cursor}")), (Target::Read, Some(5), Why::ScanGoesOn));
    assert_eq!(way(&format!("HSCAN k {cursor}")).1, Some(5));
}

#[test]
fn a_read_behind_a_write_goes_where_the_write_went() {
    let behind = usual("plain", "GET k").behind_write();
    assert_eq!((target(behind), behind.why), (Some(Target::Master), Why::FollowsWrite));
    assert!(matches!(
        behind.action,
        Action::Forward(Forward {
            must_have: MustHave::WritesInFlight,
            repeat: Repeat::AtReader,
            ..
        })
    ));
    let blocking = usual("plain", "XREAD BLOCK 0 STREAMS s $").behind_write();
    assert_eq!(blocking.action, Action::Dedicated(Purpose::Blocking(Target::Master)));
    for line in ["SET k v", "INFO", "MULTI", "PING", "PROXY HELP"] {
        assert_eq!(usual("plain", line).behind_write(), usual("plain", line), "{line}");
    }
}

/// While the last master's successor has still to say that it is one, what needs a connection to
/// the master waits; when that takes too long, it is asked for all the same.
#[test]
fn a_connection_of_its_own_waits_for_the_next_master() {
    let shard = shard(false, true, true);
    let plan = planned(&[b"MULTI"], &session("plain"), &shard, &policy(false, false));
    assert_eq!(plan.hold, Some(HoldUntil::MasterOpen));
    assert_eq!(plan.after_hold().action, Action::Dedicated(Purpose::Transaction));
    let lost = planned(&[b"GET", b"k"], &session("lost"), &shard, &policy(false, false));
    assert_eq!(lost.hold, None, "the transaction is over, whatever comes");
    let read = planned(&[b"GET", b"k"], &session("plain"), &shard, &policy(false, false));
    assert_eq!(read.hold, None);
}

#[test]
fn what_finds_no_server_waits_or_is_refused() {
    let (gone, expected) = (shard(false, false, true), shard(false, true, true));
    let policy = policy(true, true);
    let stays = |error, shard| usual("plain", "GET k").without_route(error, shard, &policy, NOW);
    for (error, until) in [
        (NoRoute::Stale, HoldUntil::ReplicaFresh),
        (NoRoute::NoMaster, HoldUntil::MasterOpen),
        (NoRoute::GateClosed, HoldUntil::GateOpen),
    ] {
        let plan = stays(error, &expected);
        assert_eq!((plan.hold, until.refusal()), (Some(until), error));
        let refused = Action::Refuse(Refusal::NoRoute(error));
        assert_eq!(plan.after_hold(), Plan { action: refused, hold: None, ..plan });
    }
    for error in [NoRoute::NoMaster, NoRoute::NoReader] {
        let plan = stays(error, &gone);
        assert_eq!((plan.hold, plan.action), (None, Action::Refuse(Refusal::NoRoute(error))));
    }
}
