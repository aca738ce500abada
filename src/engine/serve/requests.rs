//! Finds the requests in the bytes that a client sends.

use std::rc::Rc;

use super::ahead::Ahead;
use super::client::{Client, Ending};
use super::held::Held;
use crate::net::OUTPUT_HIGH;
use tidegate_wire::resp::request::ProtocolError;
use tidegate_wire::resp::{Args, Limits, inline};

impl Client {
    /// Handles the complete requests at the front of `buf` and returns the number of their bytes.
    pub(super) fn consume(&mut self, buf: &[u8]) -> usize {
        (self.waits, self.is_stalled) = (false, false);
        let context = Rc::clone(&self.context);
        let mut held = Held::new(&context);
        let bulk_max = self.bulk_max();
        let mut at = 0;
        let mut ahead = Ahead::default();
        while at < buf.len() && self.ending.is_none() {
            if self.out.len() >= OUTPUT_HIGH {
                self.is_stalled = true;
                break;
            }
            if context.is_asleep() {
                self.waits = true;
                break;
            }
            let authenticated = self.session.is_logged_in();
            let limits = Limits { bulk_max, authenticated };
            let db = self.session.db;
            let warm = |names: &[[&[u8]; 2]]| {
                held.warm(usize::try_from(db).unwrap_or_default(), names);
            };
            match ahead.next(&mut self.scanner, &buf[at..], &limits, warm) {
                Ok(None) => break,
                Ok(Some(request)) => {
                    let frame = &buf[at..at + request.len];
                    let is_done = match (request.argc, request.inline) {
                        (0, _) => true,
                        (_, true) => self.inline_request(&mut held, frame),
                        _ => self.request(&mut held, &Args::new(frame).to_vec()),
                    };
                    if !is_done {
                        // A pause is in force: the request comes again.
                        self.waits = true;
                        break;
                    }
                    at += request.len;
                    if self.is_blocked() {
                        break;
                    }
                    if self.session.is_logged_in() != authenticated {
                        // Other limits are in force.
                        ahead.forget(&mut self.scanner);
                    }
                }
                Err(error) => self.protocol_error(error),
            }
        }
        ahead.forget(&mut self.scanner);
        at
    }

    fn inline_request(&mut self, held: &mut Held<'_>, line: &[u8]) -> bool {
        match inline::split(line, self.context.engine.dialect().quotes()) {
            Ok(words) => {
                let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
                words.is_empty() || self.request(held, &words)
            }
            Err(error) => {
                self.protocol_error(error);
                true
            }
        }
    }

    fn protocol_error(&mut self, error: ProtocolError) {
        error.reply(&mut self.out);
        self.end(Ending::AfterReplies);
    }

    /// Returns the most bytes of an argument.
    fn bulk_max(&self) -> i64 {
        let bulk_max = i64::try_from(self.context.config().proxy.proto_max_bulk_len.bytes());
        bulk_max.unwrap_or(i64::MAX / 2)
    }
}
