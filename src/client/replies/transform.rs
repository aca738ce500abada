//! Replies that are changed on their way to the client.

use crate::backend::Whole;
use crate::client::client::Client;
use crate::client::introspection::info;
use crate::client::reading::scan::Step;
use crate::registry::Redirected;
use crate::routing::Target;
use crate::session::{Gate, Queued, Tracking, cursor, exec, local};
use tidegate_wire::resp::Args;

/// What is done to a reply.
#[derive(Debug)]
pub(in crate::client) enum Transform {
    /// The cursor gets its server's tag.
    Scan(Step),
    /// `INFO` gets the proxy's section.
    Info,
    /// An `EXEC` reply gets the answers that only the proxy has.
    Exec(Vec<(usize, Queued)>),
    /// Whatever the server said, this is the answer.
    Replace(Vec<u8>),
    /// A `SELECT` on the session's own connection: the session follows.
    Select(u32),
    /// A first request on a connection to this database: the server has it.
    Probe(u32),
    /// The marker in front of a `WAIT`: nobody sees it.
    Marker,
    /// Whether the master has a backlog: the `WAITAOF` of these bytes is sent when that is known.
    Backlog(Vec<u8>),
    /// The marker in front of the `WAITAOF` of these bytes, at a master without a backlog.
    AofMarker(Vec<u8>),
    /// What `$` means in an XREAD, at this index; `is_exact` if its own server says so.
    LastId {
        /// The index of the argument.
        at: usize,
        /// The server is that of the XREAD.
        is_exact: bool,
    },
    /// `WAIT` and `WAITAOF`: true only if the marker was taken.
    Wait,
    /// `CLIENT TRACKING`: the session is tracking from now on, or no more.
    Tracking(Option<Tracking>, Option<Redirected>),
    /// `CLIENT TRACKINGINFO`: it names the client of REDIRECT by the proxy's id.
    TrackingInfo,
}

impl Client {
    /// A reply came that waits for its change.
    pub(in crate::client) fn transform(&mut self, whole: Whole) {
        let at = self.transforms.iter().position(|(of, _)| *of == whole.seq);
        let Some((_, transform)) = at.and_then(|at| self.transforms.remove(at)) else {
            // It is wanted in one piece because it answers a write.
            return self.acknowledge(whole);
        };
        let Whole { seq, frame, scan_tag, backend } = whole;
        let frame = match transform {
            Transform::Scan(step) if step.tag.is_some_and(|tag| tag != scan_tag) => {
                // The process was restarted between the look-up and the reply.
                return self.restart_scan(seq, step, Target::Read);
            }
            Transform::Scan(step) => {
                let topology = self.worker.topology();
                if topology.is_unambiguous(scan_tag) {
                    cursor::tag_reply(frame, scan_tag)
                } else if topology.sole_shard().master().is_some_and(|master| master.id == backend)
                {
                    // A cursor without a tag is the master's.
                    frame
                } else {
                    return self.restart_scan(seq, step, Target::Master);
                }
            }
            Transform::Info => info::append(frame, &self.info_section()),
            Transform::Exec(special) => {
                let frame = self.finish_exec(frame, &special);
                return self.acknowledge_exec(Whole { seq, frame, backend, scan_tag });
            }
            Transform::Replace(reply) => reply,
            Transform::Select(db) => {
                if frame.starts_with(b"+") {
                    self.follow_select(db);
                }
                frame
            }
            Transform::Probe(db) => {
                if frame.starts_with(b"-") {
                    frame
                } else {
                    self.worker.learn_db(db);
                    self.session.db = db;
                    b"+OK\r\n".to_vec()
                }
            }
            Transform::Marker => {
                self.marked(&frame);
                frame
            }
            Transform::Backlog(request) => return self.wait_for_fsync(seq, &frame, request),
            Transform::AofMarker(request) => return self.aof_marked(seq, &frame, &request),
            Transform::LastId { at, is_exact } => {
                if let Some(read) = &mut self.blocked_read {
                    read.learn(at, is_exact, &frame);
                }
                frame
            }
            Transform::Wait => self.waited(frame),
            Transform::Tracking(tracking, redirected) => {
                if frame.starts_with(b"+") {
                    self.follow_tracking(tracking, redirected);
                }
                frame
            }
            Transform::TrackingInfo => self.tracking_info(frame),
        };
        self.inbox.deliver(seq, 1, &frame);
    }

    /// The session's own connection is on another database now.
    fn follow_select(&mut self, db: u32) {
        self.session.db = db;
        if let Some(lease) = self.lease.as_ref().filter(|lease| lease.key.db != db) {
            lease.taint();
        }
    }

    fn finish_exec(&mut self, frame: Vec<u8>, special: &[(usize, Queued)]) -> Vec<u8> {
        exec::rewrite(frame, special, |queued, element| match queued {
            Queued::Select(db) => {
                if element.starts_with(b"+") {
                    self.follow_select(*db);
                }
                None
            }
            Queued::TrackingInfo => Some(self.tracking_info(element.to_vec())),
            Queued::Local(request) => Some(self.answer_queued(request)),
        })
    }

    /// A queued command's turn has come.
    fn answer_queued(&mut self, request: &[u8]) -> Vec<u8> {
        let args = Args::new(request).to_vec();
        let topology = self.worker.topology();
        let name = args.first().copied().unwrap_or_default();
        let command =
            tidegate_wire::command::resolve(&topology.learned, name, args.get(1).copied());
        let mut reply = Vec::new();
        let config = std::sync::Arc::clone(&self.config);
        let gate = Gate {
            password: &config.proxy.requirepass,
            server: &topology.sole_shard().server,
            role: "master",
        };
        if let Some(command) = command
            && !local::answer(&mut self.session, &command, &args, gate, &mut reply)
        {
            self.answer_client_command(&command, &args, &mut reply);
        }
        reply
    }
}
