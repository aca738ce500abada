//! Replies that get a change on their way to the client.

use crate::backend::Whole;
use crate::client::commands::{tracking, wait};
use crate::client::introspection::{client_command, info};
use crate::client::planning::logins;
use crate::client::replies::acknowledge;
use crate::client::retries::scan_restart;
use crate::client::state::client::Client;
use crate::client::state::replies::transform::Transform;
use crate::routing::Target;
use crate::session::{Queued, cursor, exec};
use tidegate_acl::Context;
use tidegate_wire::command::resolve;
use tidegate_wire::resp::Args;

/// A reply came in one piece: it gets its change and goes to the client.
pub(in crate::client) fn pass_on(client: &mut Client, whole: Whole) {
    let Some(transform) = client.rewrites.take(whole.seq) else {
        // It comes in one piece because it answers a write.
        return acknowledge::write(client, whole);
    };
    let Whole { seq, frame, scan_tag, backend } = whole;
    let frame = match transform {
        Transform::Scan(step) if step.tag.is_some_and(|tag| tag != scan_tag) => {
            // The process was restarted between the look-up and the reply.
            return scan_restart::restart(client, seq, step, Target::Read);
        }
        Transform::Scan(step) => {
            let topology = client.worker.topology();
            if topology.is_unambiguous(scan_tag) {
                cursor::tag_reply(frame, scan_tag)
            } else if topology.sole_shard().master().is_some_and(|master| master.id == backend) {
                // A cursor without a tag is the master's.
                frame
            } else {
                return scan_restart::restart(client, seq, step, Target::Master);
            }
        }
        Transform::Info => info::append(frame, &info::section(client)),
        Transform::Exec(special) => {
            let frame = finish_exec(client, frame, &special);
            return acknowledge::write_of_exec(client, Whole { seq, frame, backend, scan_tag });
        }
        Transform::Replace(reply) => reply,
        Transform::Select(db) => {
            if frame.starts_with(b"+") {
                follow_select(client, db);
            }
            frame
        }
        Transform::Probe(db) => {
            if frame.starts_with(b"-") {
                frame
            } else {
                client.worker.learn_db(db);
                client.session.db = db;
                b"+OK\r\n".to_vec()
            }
        }
        Transform::Marker => {
            client.wait_state.marked(&frame);
            frame
        }
        Transform::Backlog(request) => return wait::backlog_known(client, seq, &frame, request),
        Transform::AofMarker(request) => return wait::aof_marked(client, seq, &frame, &request),
        Transform::LastId { at, is_exact } => {
            if let Some(read) = client.dedicated.last_blocked_read_mut() {
                read.learn(at, is_exact, &frame);
            }
            frame
        }
        Transform::Wait => wait::answered(client, frame),
        Transform::Tracking(tracking, redirected) => {
            if frame.starts_with(b"+") {
                tracking::follow(client, tracking, redirected);
            }
            frame
        }
        Transform::TrackingInfo => tracking::info(client, frame),
    };
    client.inbox.deliver(seq, 1, &frame);
}

/// The session's dedicated connection is on another database now.
fn follow_select(client: &mut Client, db: u32) {
    client.session.db = db;
    if client.dedicated.get().is_some_and(|own| own.key.db != db) {
        client.dedicated.taint();
    }
}

fn finish_exec(client: &mut Client, frame: Vec<u8>, special: &[(usize, Queued)]) -> Vec<u8> {
    exec::rewrite(frame, special, |queued, element| match queued {
        Queued::Select(db) => {
            if element.starts_with(b"+") {
                follow_select(client, *db);
            }
            None
        }
        Queued::TrackingInfo => Some(tracking::info(client, element.to_vec())),
        Queued::Local(request) => Some(answer_queued(client, request)),
    })
}

/// Runs a command that the proxy queued in the transaction.
fn answer_queued(client: &mut Client, request: &[u8]) -> Vec<u8> {
    let args = Args::new(request).to_vec();
    let topology = client.worker.topology();
    let name = args.first().copied().unwrap_or_default();
    let command = resolve(&topology.learned, name, args.get(1).copied());
    let mut reply = Vec::new();
    let server = &topology.sole_shard().server;
    if let Some(command) = command
        && !logins::answer(client, server, (&command, &args), Context::Multi, &mut reply)
    {
        client_command::answer(client, &command, &args, &mut reply);
    }
    reply
}
