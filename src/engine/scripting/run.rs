//! How one job is done on the thread of scripts.

use super::data::Data;
use super::host::{Signals, StoreHost};
use super::job::{Done, Job};
use crate::engine::Engine;
use tidegate_scripts::{Limits, Scripting, Version};
use tidegate_store::{CallContext, CommandError, Effects};
use tidegate_wire::resp::encode;

/// The scripts and functions of the engine, for the version that it imitates.
#[derive(Debug)]
pub(super) struct Interpreter {
    version: String,
    scripting: Scripting,
}

impl Interpreter {
    /// Returns an interpreter without scripts.
    ///
    /// # Errors
    /// Lua cannot be started: memory is lacking.
    fn new(version: &str) -> Result<Self, String> {
        let known = Version { text: version.to_owned(), number: number(version) };
        let scripting = Scripting::new(&Limits::default(), &known);
        let scripting = scripting.map_err(|error| format!("ERR Lua cannot be started: {error}"))?;
        Ok(Self { version: version.to_owned(), scripting })
    }

    /// Makes the libraries the same as those of the store.
    fn follow(&mut self, host: &mut StoreHost<'_>) {
        let own = self.scripting.functions.libraries().iter();
        let own: std::collections::BTreeMap<&[u8], &[u8]> =
            own.map(|it| (&it.name[..], &it.source[..])).collect();
        if own == host.data.libraries() {
            return;
        }
        let sources: Vec<Vec<u8>> =
            host.data.libraries().values().map(|source| source.to_vec()).collect();
        self.scripting.functions.flush();
        for source in sources {
            if let Err(why) = self.scripting.functions.load(&source, true, host) {
                tracing::warn!("a library of functions cannot be used: {why}");
            }
        }
    }
}

/// Does a job.
pub(super) fn run(
    engine: &Engine,
    interpreter: &mut Option<Interpreter>,
    job: Job,
    signals: &Signals,
) -> Done {
    let Job { words, context, store, wanted, refused, reader, user, data_epoch } = job;
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let data = match store {
        Some(store) => Data::Own { store, effects: Effects::default(), calls: Vec::new(), wanted },
        None => Data::Shared(engine.store()),
    };
    let is_of_proxy = data_epoch.is_some();
    let mut host = StoreHost { engine, data, context, refused, reader, user, is_of_proxy, signals };
    let mut reply = Vec::new();
    if data_epoch.is_some_and(|epoch| epoch != engine.data_epoch()) {
        return ended(host, reply);
    }
    let version = engine.link_info().server.version.clone();
    if interpreter.as_ref().is_none_or(|it| it.version != version) {
        match Interpreter::new(&version) {
            Ok(new) => *interpreter = Some(new),
            Err(error) => {
                encode::error(&mut reply, &error);
                return ended(host, reply);
            }
        }
    }
    if let Some(interpreter) = interpreter {
        answer(interpreter, (&words, context), &mut host, &mut reply);
    }
    ended(host, reply)
}

fn answer(
    interpreter: &mut Interpreter,
    (words, context): (&[&[u8]], CallContext),
    host: &mut StoreHost<'_>,
    reply: &mut Vec<u8>,
) {
    let name = words.first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
    let sub = words.get(1).map(|sub| sub.to_ascii_lowercase()).unwrap_or_default();
    let concerns_functions = name.starts_with(b"f");
    if concerns_functions {
        interpreter.follow(host);
    }
    let is_own = matches!(host.data, Data::Own { .. });
    let changes = matches!(&sub[..], b"load" | b"delete" | b"flush" | b"restore");
    if name == b"function" && changes && !is_own {
        return CommandError::READ_ONLY.write(reply);
    }
    // What the store does best, it does: the next use finds the libraries that it has then.
    let is_stores = matches!(&sub[..], b"delete" | b"flush" | b"dump" | b"restore");
    if name == b"function" && is_stores {
        host.data.execute(context, words, true, reply);
        return;
    }
    if !interpreter.scripting.execute(words, context.version, host, reply) {
        host.data.execute(context, words, true, reply);
        return;
    }
    let is_loaded = name == b"function" && sub == b"load" && !reply.starts_with(b"-");
    if let (true, Some(source)) = (is_loaded, words.last()) {
        host.data.keep_library(source);
        host.data.pass(context.db, words);
    }
}

fn ended(host: StoreHost<'_>, reply: Vec<u8>) -> Done {
    match host.data {
        Data::Own { store, calls, .. } => Done { store: Some(store), reply, calls },
        Data::Shared(_) => Done { store: None, reply, calls: Vec::new() },
    }
}

/// Returns a version as scripts see it: `0x00MMmmpp`.
fn number(version: &str) -> u32 {
    let mut parts = version.split('.').map(|part| part.parse::<u8>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    u32::from_be_bytes([0, next(), next(), next()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        assert_eq!(number("7.0.15"), 0x0007_000f);
        assert_eq!(number("9.1"), 0x0009_0100);
        assert_eq!(number("unstable"), 0);
    }
}
