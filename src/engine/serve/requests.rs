//! Finds the requests in the bytes that a client sends.

use std::rc::Rc;

use super::client::{Client, Ending};
use super::held::Held;
use crate::config::Config;
use crate::net::OUTPUT_HIGH;
use tidegate_wire::resp::request::ProtocolError;
use tidegate_wire::resp::{Args, Limits, inline};

/// So many words of a request have room on the stack.
const FEW: usize = 8;

impl Client {
    /// Handles the complete requests at the front of `buf` and returns the number of their bytes.
    pub(super) fn consume(&mut self, buf: &[u8]) -> usize {
        (self.waits, self.is_stalled) = (false, false);
        let context = Rc::clone(&self.context);
        let mut held = Held::new(&context);
        let mut config = context.latest_config.borrow_mut();
        let bulk_max = bulk_max(config.load());
        let mut at = 0;
        let mut ahead = context.ahead.borrow_mut();
        ahead.begin();
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
            let db = self.db();
            let warm = |names: &[[&[u8]; 2]]| held.warm(db, names);
            match ahead.next(&mut self.scanner, &buf[at..], &limits, warm) {
                Ok(None) => break,
                Ok(Some(request)) => {
                    let frame = &buf[at..at + request.len];
                    held.frame = if request.inline { &[] } else { frame };
                    let is_done = match (request.argc, request.inline) {
                        (0, _) => true,
                        (_, true) => self.inline_request(config.load(), &mut held, frame),
                        (1..=FEW, _) => {
                            let mut words = [&[][..]; FEW];
                            let found = words.iter_mut().zip(Args::new(frame));
                            let count = found.map(|(place, word)| *place = word).count();
                            self.request(config.load(), &mut held, &words[..count])
                        }
                        _ => self.request(config.load(), &mut held, &Args::new(frame).to_vec()),
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

    fn inline_request(&mut self, config: &Config, held: &mut Held<'_>, line: &[u8]) -> bool {
        match inline::split(line, self.context.engine.dialect().quotes()) {
            Ok(words) => {
                let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
                words.is_empty() || self.request(config, held, &words)
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
}

/// Returns the most bytes of an argument.
fn bulk_max(config: &Config) -> i64 {
    i64::try_from(config.proxy.proto_max_bulk_len.bytes()).unwrap_or(i64::MAX / 2)
}
