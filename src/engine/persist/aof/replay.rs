//! Replays the files of an append-only file into a store of its own (`loadAppendOnlyFiles`).

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use super::replay_error::{ReplayError, Wrong, wrong};
use super::walk::Walk;
use crate::engine::persist::load::{Loaded, load};
use crate::engine::state::{Directory, memory, unix_ms};
use crate::topology::ServerVersion;
use tidegate_replication::aof::{
    CommandFile, Contradiction, Entry, Manifest, Note, Place, Tracker,
};
use tidegate_replication::{ArgsPool, Backlog, Position};
use tidegate_store::{CallContext, Dialect, Outcome, Store};
use tidegate_wire::resp::{RespVersion, integer};
use tidegate_wire::units::{ByteSize, ReplId, ReplOffset};

/// The size of the buffer for reading a snapshot.
const CHUNK: usize = 1 << 20;

/// What to do with what the files do not say.
pub(super) struct Rules<'r> {
    pub(super) databases: usize,
    pub(super) seed: u64,
    pub(super) backlog: ByteSize,
    /// `aof-load-truncated`.
    pub(super) accepts_truncated: bool,
    /// Whether bytes that the notes do not prove are cut off the last file. A replica gets them from
    /// its master again.
    pub(super) cuts_unproven: bool,
    /// Checks that there is memory.
    pub(super) room: &'r dyn Fn() -> Result<(), memory::Full>,
}

/// The data of an append-only file.
#[derive(Debug)]
pub(super) struct Replayed {
    pub(super) store: Store,
    /// The server that wrote the base.
    pub(super) server: Option<ServerVersion>,
    /// The place in the history; `None` if the files name none.
    pub(super) place: Option<Place>,
    /// The database that the stream has selected.
    pub(super) db: usize,
    /// The end of the stream, if the files have a part of it.
    pub(super) backlog: Option<Backlog>,
    pub(super) base_size: u64,
    /// The size of the command files before the last one, and the valid size of the last one.
    pub(super) sizes: (u64, u64),
    /// The number of bytes that are no valid end of the last file.
    pub(super) cut: u64,
}

/// Loads the files that the manifest names. Changes none of them.
///
/// # Errors
/// [`ReplayError`]
pub(super) fn replay(
    directory: &Directory,
    manifest: &Manifest,
    rules: &Rules<'_>,
) -> Result<Replayed, ReplayError> {
    let mut replay = Replay::new(rules);
    if let Some(name) = manifest.base() {
        let is_last = manifest.commands().next().is_none();
        replay.base(name, &directory.file(name), is_last)?;
    }
    let names: Vec<_> = manifest.commands().collect();
    for (at, name) in names.iter().enumerate() {
        let path = directory.file(name);
        let later = names.get(at + 1..).unwrap_or_default();
        // A crash can come before the file after this one has a byte.
        let is_last = later.iter().all(|name| is_empty(&directory.file(name)));
        if replay.cut > 0 {
            // Nothing follows a file that was cut: all others are empty.
            continue;
        }
        replay.sizes.0 += std::mem::take(&mut replay.sizes.1);
        let end = match rules.cuts_unproven && is_last {
            true => replay.proven_end(name, &path)?,
            false => u64::MAX,
        };
        replay.sizes.1 = replay.commands(name, &path, (0, end), is_last)?;
    }
    (rules.room)().map_err(|full| wrong(names.last().unwrap_or(&""), 0, full))?;
    Ok(replay.end())
}

fn is_empty(path: &Path) -> bool {
    path.metadata().is_ok_and(|it| it.len() == 0)
}

struct Replay<'r> {
    rules: &'r Rules<'r>,
    store: Store,
    server: Option<ServerVersion>,
    tracker: Tracker,
    backlog: Option<Backlog>,
    db: usize,
    pool: ArgsPool,
    /// Replies, which are not sent.
    replies: Vec<u8>,
    base_size: u64,
    sizes: (u64, u64),
    cut: u64,
}

impl<'r> Replay<'r> {
    fn new(rules: &'r Rules<'r>) -> Self {
        Self {
            rules,
            store: Store::new(rules.databases, Dialect::default(), rules.seed),
            server: None,
            tracker: Tracker::default(),
            backlog: None,
            db: 0,
            pool: ArgsPool::default(),
            replies: Vec::new(),
            base_size: 0,
            sizes: (0, 0),
            cut: 0,
        }
    }

    /// Loads the base: a snapshot, commands, or commands behind a snapshot.
    fn base(&mut self, name: &str, path: &Path, is_last: bool) -> Result<(), ReplayError> {
        let io = |error| ReplayError::Io { file: name.to_owned(), error };
        let mut file = File::open(path).map_err(io)?;
        let mut magic = Vec::new();
        file.by_ref().take(6).read_to_end(&mut magic).map_err(io)?;
        let mut snapshot = 0;
        if magic.starts_with(b"REDIS") || magic.starts_with(b"VALKEY") {
            file.rewind().map_err(io)?;
            let source = BufReader::with_capacity(CHUNK, file);
            let loaded = load(source, self.rules.databases, self.rules.seed, self.rules.room, &[]);
            let base = |error| ReplayError::Base { file: name.to_owned(), error };
            let Loaded { store, origin } = loaded.map_err(base)?;
            self.store = store;
            let replid = origin.replid.as_deref().and_then(|text| text.parse::<ReplId>().ok());
            let position = replid
                .zip(origin.offset)
                .map(|(replid, offset)| Position { replid, offset: ReplOffset::new(offset) });
            self.tracker = Tracker::new(position, origin.stream.second());
            self.backlog = position.map(|it| origin.stream.backlog(self.rules.backlog, it.offset));
            self.db = origin.db(self.rules.databases).map_err(base)?;
            snapshot = origin.len;
            self.server = origin.server;
        }
        // Commands behind it select their database first.
        self.base_size = self.commands(name, path, (snapshot, u64::MAX), is_last)?;
        Ok(())
    }

    /// Runs the commands of a file in this range of its bytes. Returns where the last one ends.
    fn commands(
        &mut self,
        name: &str,
        path: &Path,
        (start, end): (u64, u64),
        is_last: bool,
    ) -> Result<u64, ReplayError> {
        let mut walk = Walk::open(name, path, start)?;
        let len = walk.len;
        self.tracker.begin_file();
        while walk.at < end {
            let Some(entry) = walk.next()? else { break };
            let at = walk.at;
            match entry {
                Entry::Note { len } => {
                    self.note(&Note::parse(walk.bytes(len))).map_err(|it| wrong(name, at, it))?;
                    walk.advance(len);
                }
                Entry::Unit { len, notes } => {
                    let (bytes, file) = walk.unit(len);
                    self.unit(file, bytes, notes).map_err(|what| wrong(name, at, what))?;
                    walk.advance(len);
                }
                Entry::NeedMore { .. } => {}
            }
            if walk.is_look_due() {
                (self.rules.room)().map_err(|full| wrong(name, at, full))?;
            }
        }
        let at = walk.at;
        if at < len {
            let place = self.tracker.place().filter(|_| end == u64::MAX || at < end);
            if let Some(place) = place
                && walk.has_later_mark(place.position.offset)?
            {
                return Err(wrong(name, at, Wrong::Damaged));
            }
            if !is_last || end == u64::MAX && !self.rules.accepts_truncated {
                return Err(ReplayError::Truncated { file: name.to_owned(), at });
            }
            self.cut = len - at;
        }
        Ok(at)
    }

    /// Returns where in the file the last bytes end that its notes prove; the end of the world if
    /// it has no notes of the engine.
    fn proven_end(&self, name: &str, path: &Path) -> Result<u64, ReplayError> {
        let mut walk = Walk::open(name, path, 0)?;
        let (mut tracker, mut end, mut has_notes) = (self.tracker, 0, false);
        tracker.begin_file();
        while let Some(entry) = walk.next()? {
            match entry {
                Entry::Note { len } => {
                    let note = Note::parse(walk.bytes(len));
                    tracker.note(&note).map_err(|what| wrong(name, walk.at, what))?;
                    walk.advance(len);
                    if matches!(note, Note::Stream { .. } | Note::Mark(_)) {
                        has_notes = true;
                        end = walk.at;
                    }
                }
                Entry::Unit { len, notes } => {
                    if notes > 0 {
                        tracker.lose();
                    }
                    tracker.unit(len as u64);
                    walk.advance(len);
                }
                Entry::NeedMore { .. } => {}
            }
        }
        if let Some(place) = tracker.place()
            && walk.has_later_mark(place.position.offset)?
        {
            return Err(wrong(name, walk.at, Wrong::Damaged));
        }
        Ok(if has_notes { end } else { u64::MAX })
    }

    fn note(&mut self, note: &Note) -> Result<(), Contradiction> {
        if self.tracker.note(note)? || self.backlog.is_none() {
            let place = self.tracker.place().filter(|_| matches!(note, Note::Stream { .. }));
            let begun = place.map(|place| Backlog::new(self.rules.backlog, place.position.offset));
            if begun.is_some() {
                self.backlog = begun;
            }
        }
        Ok(())
    }

    fn unit(&mut self, file: &mut CommandFile, bytes: &[u8], notes: usize) -> Result<(), Wrong> {
        let mut args = self.pool.take();
        for at in 0..file.commands() {
            if !file.command(at, bytes, &mut args) {
                break;
            }
            self.command(&args)?;
        }
        self.pool.give(args);
        if notes > 0 {
            // Another program has written it, so it is no part of a known stream.
            self.tracker.lose();
            self.backlog = None;
        } else if self.tracker.unit(bytes.len() as u64)
            && let Some(backlog) = &mut self.backlog
        {
            backlog.append(bytes);
        }
        Ok(())
    }

    fn command(&mut self, args: &[&[u8]]) -> Result<(), Wrong> {
        self.replies.clear();
        let context = CallContext { db: self.db, now_ms: unix_ms(), version: RespVersion::V2 };
        match self.store.apply(context, args, &mut self.replies) {
            Outcome::Replied => Ok(()),
            Outcome::Refused | Outcome::Opaque | Outcome::Excessive => {
                let text = String::from_utf8_lossy(&self.replies);
                let reply = text.trim_start_matches('-').trim_end().to_owned();
                Err(Wrong::Refused { command: shown(args), reply })
            }
            Outcome::Unknown => self.control(args),
        }
    }

    /// Runs a command that changes no data.
    fn control(&mut self, args: &[&[u8]]) -> Result<(), Wrong> {
        let name = args.first().copied().unwrap_or_default();
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        if is("SELECT") {
            let text = args.get(1).copied().unwrap_or_default();
            let db = integer::parse(text).and_then(|db| usize::try_from(db).ok());
            let db = db.filter(|db| *db < self.rules.databases);
            let db = db.ok_or_else(|| Wrong::Database(text.escape_ascii().to_string()))?;
            self.db = db;
            return Ok(());
        }
        let is_known = ["PING", "REPLCONF", "PUBLISH", "SPUBLISH", "SCRIPT"].into_iter().any(is);
        if is_known { Ok(()) } else { Err(Wrong::Unknown(shown(args))) }
    }

    fn end(self) -> Replayed {
        let place = self.tracker.place();
        let last = place.map(|it| it.position.offset);
        // A base alone has a place, and no stream yet.
        let backlog = self.backlog.filter(|it| Some(it.last()) == last);
        let backlog = backlog.or_else(|| last.map(|it| Backlog::new(self.rules.backlog, it)));
        Replayed {
            store: self.store,
            server: self.server,
            place,
            db: self.db,
            backlog,
            base_size: self.base_size,
            sizes: self.sizes,
            cut: self.cut,
        }
    }
}

/// Returns the command's name and its first argument, shortened.
fn shown(args: &[&[u8]]) -> String {
    let short = |word: &&[u8]| word.iter().take(64).copied().collect::<Vec<_>>();
    let words: Vec<_> = args.iter().take(2).map(short).collect();
    words.join(&b' ').escape_ascii().to_string()
}

#[cfg(test)]
mod tests;
