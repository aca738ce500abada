//! Files that end early, that are damaged, and that another program has written to.

use std::fs;
use std::path::Path;

use super::*;
use crate::config::Replica;
use tidegate_wire::resp::encode;

fn command(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
    encode::request(&mut out, words.into_iter());
    out
}

fn id(digit: char) -> ReplId {
    digit.to_string().repeat(40).parse().unwrap()
}

fn stream(digit: char, offset: u64) -> Vec<u8> {
    let position = Position { replid: id(digit), offset: ReplOffset::new(offset) };
    let mut out = Vec::new();
    Note::Stream { position, second: None }.write(&mut out);
    out
}

fn mark(offset: u64) -> Vec<u8> {
    let mut out = Vec::new();
    Note::Mark(ReplOffset::new(offset)).write(&mut out);
    out
}

/// A directory of these command files.
fn directory(dir: &Path, files: &[&[u8]]) -> (Directory, Manifest) {
    let config = Replica { dir: dir.display().to_string(), ..Replica::default() };
    let directory = Directory::of(&config);
    directory.make().unwrap();
    let mut manifest = Manifest::default();
    for bytes in files {
        let name = manifest.add_commands(directory.names());
        fs::write(directory.file(&name), bytes).unwrap();
    }
    (directory, manifest)
}

fn rules(cuts_unproven: bool) -> Rules<'static> {
    Rules {
        databases: 16,
        seed: 1,
        backlog: ByteSize::mib(1),
        accepts_truncated: true,
        cuts_unproven,
        room: &|| Ok(()),
    }
}

fn load_files(files: &[&[u8]], rules: &Rules<'_>) -> Result<Replayed, ReplayError> {
    let dir = tempfile::tempdir().unwrap();
    let (directory, manifest) = directory(dir.path(), files);
    replay(&directory, &manifest, rules)
}

fn read(replayed: &Replayed, db: usize, line: &str) -> String {
    let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
    let context = CallContext { db, now_ms: 0, version: RespVersion::V2 };
    let mut out = Vec::new();
    replayed.store.read(context, &words, &mut out);
    String::from_utf8(out).unwrap()
}

/// Five pieces of a stream, a transaction among them, each with its mark. Returns the bytes of the
/// file, and for each piece the end of its commands, of its mark, and its offset.
fn pieces() -> (Vec<u8>, Vec<(usize, usize, u64)>) {
    let mut bytes = [command("SELECT 3"), stream('a', 1000)].concat();
    let mut offset = 1000;
    let mut ends = vec![(bytes.len(), bytes.len(), offset)];
    for at in 0..5 {
        let mut unit = command(&format!("APPEND key {at}"));
        if at == 2 {
            unit = [command("MULTI"), unit, command("INCR n"), command("EXEC")].concat();
        }
        offset += unit.len() as u64;
        bytes.extend(unit);
        let end = bytes.len();
        bytes.extend(mark(offset));
        ends.push((end, bytes.len(), offset));
    }
    (bytes, ends)
}

/// Wherever a crash ends the file, the data and their offset agree, and no byte counts as proven
/// that has no mark behind it.
#[test]
fn a_file_may_end_at_any_byte() {
    let (bytes, ends) = pieces();
    for len in ends[0].0..=bytes.len() {
        let front = &bytes[..len];
        // A mark may lack its last byte: the line has not ended.
        let proven = ends.iter().rposition(|(_, end, _)| *end <= len).unwrap();
        let applied = ends.iter().rposition(|(end, ..)| *end <= len).unwrap();
        for (cuts, wanted) in [(true, proven), (false, applied)] {
            let replayed = load_files(&[front], &rules(cuts)).unwrap();
            let digits = &"01234"[..wanted];
            let value = match wanted {
                0 => "$-1\r\n".to_owned(),
                _ => format!("${wanted}\r\n{digits}\r\n"),
            };
            assert_eq!(read(&replayed, 3, "GET key"), value, "{len} bytes, cut: {cuts}");
            let n = if wanted > 2 { "$1\r\n1\r\n" } else { "$-1\r\n" };
            assert_eq!(read(&replayed, 3, "GET n"), n);
            let place = replayed.place.unwrap();
            assert_eq!(place.position.replid, id('a'));
            assert_eq!(place.position.offset.get(), ends[wanted].2);
            assert_eq!(place.proven.get(), ends[proven].2);
            let (of_commands, of_mark, _) = ends[wanted];
            let end = if of_mark <= len { of_mark } else { of_commands };
            assert_eq!((replayed.sizes.1, replayed.cut), (end as u64, (len - end) as u64));
            // The backlog has what the files have of the stream.
            let backlog = replayed.backlog.unwrap();
            assert_eq!((backlog.first().get(), backlog.last().get()), (1001, ends[wanted].2));
        }
    }
}

#[test]
fn a_missing_or_an_added_byte_is_noticed() {
    let (bytes, ends) = pieces();
    // A whole command is missing, and one is there twice.
    let without = [&bytes[..ends[1].1], &bytes[ends[2].1..]].concat();
    let twice = [&bytes[..ends[1].0], &bytes[ends[0].1..]].concat();
    // Garbage in the middle.
    let mut garbage = bytes.clone();
    garbage[ends[1].1] = 0;
    // A transaction does not end.
    let mut open = bytes.clone();
    let exec = open.windows(4).position(|it| it == b"EXEC").unwrap();
    open[exec] = b'e';
    open[exec + 1] = b'y';
    for (wrong, said) in [
        (&without, "bytes are missing or were added"),
        (&twice, "bytes are missing or were added"),
        (&garbage, "a command cannot begin with '\\0'"),
        (&open, "a command does not end where it should"),
    ] {
        for cuts in [true, false] {
            let error = load_files(&[wrong], &rules(cuts)).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains("appendonly.aof.1.incr.aof"), "{error}");
        }
    }
    // A gap between two files.
    let next = [command("SELECT 3"), stream('a', ends[5].2 + 1)].concat();
    assert!(load_files(&[&bytes, &next], &rules(false)).is_err());
}

#[test]
fn files_are_loaded_one_behind_the_other() {
    let (bytes, ends) = pieces();
    let last = ends[5].2;
    let more = command("APPEND key 5");
    let end = last + more.len() as u64;
    let next = [command("SELECT 3"), stream('a', last), more, mark(end)].concat();
    let replayed = load_files(&[&bytes, &next, b""], &rules(true)).unwrap();
    assert_eq!(read(&replayed, 3, "GET key"), "$6\r\n012345\r\n");
    let place = replayed.place.unwrap();
    assert!(place.is_proven());
    assert_eq!(place.position.offset.get(), end);
    assert_eq!(replayed.backlog.unwrap().first().get(), 1001);
    // Only the last file may be truncated, and only if that is accepted.
    let short = &bytes[..bytes.len() - 1];
    assert!(matches!(
        load_files(&[short, &next], &rules(true)),
        Err(ReplayError::Truncated { .. })
    ));
    assert!(load_files(&[short, b""], &rules(true)).is_ok());
    let strict = Rules { accepts_truncated: false, ..rules(false) };
    assert!(load_files(&[&bytes], &strict).is_ok());
    assert!(matches!(load_files(&[short], &strict), Err(ReplayError::Truncated { .. })));
}

/// A server that loaded the directory and wrote to it has not continued the stream.
#[test]
fn commands_of_another_program_are_no_part_of_the_history() {
    let (bytes, ends) = pieces();
    let foreign = [command("SELECT 0"), b"#TS:17\r\n".to_vec(), command("SET other 1")].concat();
    let file = [bytes.clone(), foreign.clone()].concat();
    let replayed = load_files(&[&file], &rules(false)).unwrap();
    assert_eq!(read(&replayed, 0, "GET other"), "$1\r\n1\r\n");
    let place = replayed.place.unwrap();
    assert_eq!((place.is_proven(), place.proven.get()), (false, ends[5].2));
    // A follower takes only what is proven.
    let replayed = load_files(&[&file], &rules(true)).unwrap();
    assert_eq!(read(&replayed, 0, "GET other"), "$-1\r\n");
    assert!(replayed.place.unwrap().is_proven());
    // In a file of its own.
    for cuts in [true, false] {
        let replayed = load_files(&[&bytes, &foreign], &rules(cuts)).unwrap();
        assert_eq!(read(&replayed, 0, "GET other"), "$1\r\n1\r\n");
        assert!(replayed.place.is_none() && replayed.backlog.is_none());
    }
}

#[test]
fn what_the_engine_does_not_have_is_named() {
    for (line, said) in [
        ("NOSUCH key", "does not have the command \"NOSUCH key\""),
        ("SELECT 16", "it selects a database \"16\""),
        ("HSET string f v", "failed: WRONGTYPE"),
    ] {
        let bytes = [command("SET string 1"), command("PING"), command(line)].concat();
        let error = load_files(&[&bytes], &rules(false)).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
