//! What is known about scripts and functions that requests only name: whether they may write.
//!
//! Of scripts, those that a client loaded through this proxy. Of functions, what the master lists
//! when the first FCALL comes during a pause.

use std::collections::HashMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Mutex;
use std::task::{Context, Poll};

use bytes::Bytes;
use redis_protocol::resp2::decode;
use redis_protocol::resp2::types::BytesFrame;
use sha1::{Digest as _, Sha1};
use tokio::time::Instant;

use super::worker::Worker;
use crate::backend::{ConnectionKey, Event, Inbox, Ticket};
use tidegate_wire::resp::encode;

/// No more scripts are remembered.
const SCRIPTS_MAX: usize = 4096;

/// The names of functions in lower case, and whether they may write.
type Functions = HashMap<Vec<u8>, bool>;

/// What all workers know about scripts and functions.
#[derive(Debug, Default)]
pub struct Scripts {
    /// By their SHA1 in lower-case hexadecimal digits; only those that say it in their first line.
    loaded: Mutex<HashMap<Vec<u8>, bool>>,
    functions: Mutex<Listing>,
}

/// The master's functions.
#[derive(Debug, Default)]
enum Listing {
    #[default]
    Unasked,
    Asked,
    Told(Functions),
}

/// What is known about one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    /// Nothing yet; the caller is the first to want to know, and has to ask.
    Unasked,
    /// Nothing yet, but the master was asked.
    Asked,
    /// Whether it may write; `None` where there is none of this name.
    Told(Option<bool>),
}

impl Scripts {
    /// Remembers a script that is loaded, which may write or not.
    pub(super) fn load(&self, script: &[u8], writes: bool) {
        let digest = Sha1::digest(script);
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if let Ok(mut loaded) = self.loaded.lock()
            && loaded.len() < SCRIPTS_MAX
        {
            loaded.insert(name.into_bytes(), writes);
        }
    }

    /// Whether the script of this SHA1 may write, if that is known.
    pub(super) fn writes(&self, sha: &[u8]) -> Option<bool> {
        self.loaded.lock().ok()?.get(&sha.to_ascii_lowercase()).copied()
    }

    /// What is known about a function.
    pub(super) fn function(&self, name: &[u8]) -> Function {
        let Ok(mut listing) = self.functions.lock() else { return Function::Told(None) };
        match &*listing {
            Listing::Told(functions) => {
                Function::Told(functions.get(&name.to_ascii_lowercase()).copied())
            }
            Listing::Asked => Function::Asked,
            Listing::Unasked => {
                *listing = Listing::Asked;
                Function::Unasked
            }
        }
    }

    /// Forgets the functions: a pause begins, and the next FCALL asks anew.
    pub(super) fn forget_functions(&self) {
        self.set(Listing::Unasked);
    }

    fn set(&self, new: Listing) {
        if let Ok(mut listing) = self.functions.lock() {
            *listing = new;
        }
    }
}

/// Asks the master for its functions, and wakes the clients whose calls wait for the answer. Where
/// it gives none, no function is known, and calls are held.
pub(super) async fn ask(worker: Rc<Worker>) {
    let functions = list(&worker).await.unwrap_or_default();
    worker.shared.scripts.set(Listing::Told(functions));
    worker.shared.registry.wake_all();
}

async fn list(worker: &Worker) -> Option<Functions> {
    let topology = worker.topology();
    let inbox = Rc::new(Inbox::default());
    let key = ConnectionKey::default();
    let lease = worker.pool.borrow_mut().lease(topology.master()?, key, &inbox);
    let request = encode::request_of(&[b"FUNCTION", b"LIST"]);
    let first = inbox.replies().open(1, false);
    let mut ticket = Ticket::new(Rc::clone(&inbox), first, 1, request.len(), Instant::now());
    ticket.whole = true;
    lease.send(&request, ticket);
    let reply = poll_fn(|cx| listen(cx, &inbox)).await;
    inbox.close();
    worker.pool.borrow_mut().release(&lease, Instant::now());
    let (frame, _) = decode::decode_bytes(&Bytes::from(reply?)).ok()??;
    Some(functions(&frame))
}

/// The reply, or nothing where there is none.
fn listen(cx: &Context<'_>, inbox: &Inbox) -> Poll<Option<Vec<u8>>> {
    inbox.set_waker(cx.waker());
    inbox.looked();
    for event in inbox.take_events() {
        match event {
            Event::Whole(whole) => return Poll::Ready(Some(whole.frame.to_vec())),
            Event::Failed(_) => return Poll::Ready(None),
            _ => {}
        }
    }
    Poll::Pending
}

/// The functions that the reply to FUNCTION LIST tells of.
fn functions(reply: &BytesFrame) -> Functions {
    let libraries = items(reply).iter();
    let functions =
        libraries.flat_map(|library| field(library, b"functions").map_or(&[][..], items));
    let told = functions.filter_map(|function| {
        let name = text(field(function, b"name")?)?.to_ascii_lowercase();
        let flags = items(field(function, b"flags")?);
        Some((name, !flags.iter().any(|flag| text(flag) == Some(b"no-writes"))))
    });
    told.collect()
}

/// The value behind `name` in an array of names and values.
fn field<'a>(frame: &'a BytesFrame, name: &[u8]) -> Option<&'a BytesFrame> {
    let (pairs, _) = items(frame).as_chunks::<2>();
    pairs.iter().find(|[own, _]| text(own) == Some(name)).map(|[_, value]| value)
}

fn items(frame: &BytesFrame) -> &[BytesFrame] {
    if let BytesFrame::Array(items) = frame { items } else { &[] }
}

fn text(frame: &BytesFrame) -> Option<&[u8]> {
    match frame {
        BytesFrame::SimpleString(text) | BytesFrame::BulkString(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loaded_script_is_known_by_its_digest() {
        let scripts = Scripts::default();
        scripts.load(b"return 1", false);
        assert_eq!(scripts.writes(b"E0E1F9fabfc9d4800c877a703b823ac0578ff8db"), Some(false));
        assert_eq!(scripts.writes(b"nosuch"), None);
    }

    #[test]
    fn functions_are_asked_for_once_in_a_pause() {
        let scripts = Scripts::default();
        assert_eq!(scripts.function(b"F"), Function::Unasked);
        assert_eq!(scripts.function(b"F"), Function::Asked);
        let text = |text: &'static str| BytesFrame::BulkString(Bytes::from_static(text.as_bytes()));
        let function = |name, flags: Vec<BytesFrame>| {
            let flags = BytesFrame::Array(flags);
            BytesFrame::Array(vec![text("name"), text(name), text("flags"), flags])
        };
        let list = vec![function("F", vec![text("no-writes")]), function("g", Vec::new())];
        let library =
            vec![text("library_name"), text("l"), text("functions"), BytesFrame::Array(list)];
        let reply = BytesFrame::Array(vec![BytesFrame::Array(library)]);
        scripts.set(Listing::Told(functions(&reply)));
        assert_eq!(scripts.function(b"f"), Function::Told(Some(false)));
        assert_eq!(scripts.function(b"G"), Function::Told(Some(true)));
        assert_eq!(scripts.function(b"h"), Function::Told(None));
        scripts.forget_functions();
        assert_eq!(scripts.function(b"f"), Function::Unasked);
    }
}
