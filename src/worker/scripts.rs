//! Which scripts and functions may write, for requests that only name them.
//!
//! Known are the scripts that a client loaded through this proxy, and the functions that the master
//! lists when the first FCALL comes during a pause.

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;
use redis_protocol::resp2::decode;
use redis_protocol::resp2::types::BytesFrame;
use sha1::{Digest as _, Sha1};

/// The most scripts that are remembered.
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
    Known(Functions),
}

/// What is known about one function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// Nothing yet; the caller is the first that needs it, and has to ask the master.
    Unasked,
    /// Nothing yet, but the master was asked.
    Asked,
    /// Whether it may write; `None` where there is none of this name.
    Known(Option<bool>),
}

impl Scripts {
    /// Remembers a script that is loaded, which may write or not.
    pub(crate) fn load(&self, script: &[u8], writes: bool) {
        let digest = Sha1::digest(script);
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if let Ok(mut loaded) = self.loaded.lock()
            && loaded.len() < SCRIPTS_MAX
        {
            loaded.insert(name.into_bytes(), writes);
        }
    }

    /// Whether the script of this SHA1 may write, if that is known.
    pub(crate) fn writes(&self, sha: &[u8]) -> Option<bool> {
        self.loaded.lock().ok()?.get(&sha.to_ascii_lowercase()).copied()
    }

    /// What is known about a function.
    pub(crate) fn function(&self, name: &[u8]) -> Function {
        let Ok(mut listing) = self.functions.lock() else { return Function::Known(None) };
        match &*listing {
            Listing::Known(functions) => {
                Function::Known(functions.get(&name.to_ascii_lowercase()).copied())
            }
            Listing::Asked => Function::Asked,
            Listing::Unasked => {
                *listing = Listing::Asked;
                Function::Unasked
            }
        }
    }

    /// Takes the master's reply to FUNCTION LIST. Where it gave none, no function is known, and
    /// calls are held.
    pub(super) fn learn_functions(&self, reply: Option<Vec<u8>>) {
        let frame = reply.and_then(|reply| decode::decode_bytes(&Bytes::from(reply)).ok()?);
        let functions = frame.map(|(frame, _)| functions(&frame));
        self.set(Listing::Known(functions.unwrap_or_default()));
    }

    /// Forgets the functions: a pause begins, and the next FCALL asks anew.
    pub(crate) fn forget_functions(&self) {
        self.set(Listing::Unasked);
    }

    fn set(&self, new: Listing) {
        if let Ok(mut listing) = self.functions.lock() {
            *listing = new;
        }
    }
}

/// The functions in a reply to FUNCTION LIST.
fn functions(reply: &BytesFrame) -> Functions {
    let libraries = items(reply).iter();
    let functions =
        libraries.flat_map(|library| field(library, b"functions").map_or(&[][..], items));
    let known = functions.filter_map(|function| {
        let name = text(field(function, b"name")?)?.to_ascii_lowercase();
        let flags = items(field(function, b"flags")?);
        Some((name, !flags.iter().any(|flag| text(flag) == Some(b"no-writes"))))
    });
    known.collect()
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
        scripts.set(Listing::Known(functions(&reply)));
        assert_eq!(scripts.function(b"f"), Function::Known(Some(false)));
        assert_eq!(scripts.function(b"G"), Function::Known(Some(true)));
        assert_eq!(scripts.function(b"h"), Function::Known(None));
        scripts.forget_functions();
        assert_eq!(scripts.function(b"f"), Function::Unasked);
    }
}
