//! What waits for the disk, and what a failed write means.

use std::fs;
use std::path::Path;

use super::*;
use tidegate_wire::units::ReplId;

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

fn file(path: &Path) -> File {
    File::options().append(true).create(true).open(path).unwrap()
}

fn start(offset: u64) -> Start {
    let position = Position { replid: ReplId::ZERO, offset: ReplOffset::new(offset) };
    Start { position, second: None, db: 0 }
}

fn append(aof: &Aof, offset: u64) {
    let history = History { replid: ReplId::ZERO, second: None };
    aof.append(history, ReplOffset::new(offset), PING);
}

fn begun(dir: &Path, policy: AppendFsync) -> Aof {
    let aof = Aof::default();
    aof.set_policy(policy, false);
    assert_eq!(aof.state(), AofState::Off);
    aof.turn_on();
    assert_eq!(aof.state(), AofState::Waiting);
    aof.arm(file(&dir.join("1")), start(0)).unwrap();
    assert!(aof.has_begun());
    assert_eq!(aof.state(), AofState::On);
    aof
}

#[test]
fn replies_wait_for_the_sync_only_under_always() {
    let dir = tempfile::tempdir().unwrap();
    for (policy, waits) in
        [(AppendFsync::Always, true), (AppendFsync::EverySec, false), (AppendFsync::No, false)]
    {
        let aof = begun(dir.path(), policy);
        assert!(aof.is_settled(aof.mark()));
        append(&aof, 0);
        assert!(!aof.is_settled(aof.mark()) && aof.is_waiting());
        aof.flush();
        assert_eq!((aof.is_settled(aof.mark()), aof.is_behind()), (!waits, true));
        append(&aof, 14);
        let mark = aof.mark();
        // One sync is for all that is written, and for nothing else.
        assert!(aof.sync());
        assert!(aof.is_settled(14) && !aof.is_settled(mark));
        aof.flush();
        assert!(aof.sync() && aof.is_settled(mark) && !aof.is_behind());
        // Syncing may be suspended.
        append(&aof, 28);
        aof.flush();
        aof.set_policy(policy, true);
        assert!(aof.is_settled(aof.mark()));
        aof.turn_off();
        assert!(aof.is_settled(u64::MAX));
    }
    let mut text = fs::read_to_string(dir.path().join("1")).unwrap();
    text.retain(|c| c.is_ascii_graphic());
    assert!(text.ends_with("*1$4PING#@42"), "{text}");
}

#[test]
fn a_failed_write_is_told_and_mended() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("1");
    fs::write(&path, "").unwrap();
    let aof = Aof::default();
    aof.turn_on();
    // A file that cannot be written.
    aof.arm(File::open(&path).unwrap(), start(0)).unwrap();
    aof.flush();
    append(&aof, 0);
    aof.flush();
    assert!(aof.has_failed() && aof.failure().is_some() && aof.is_waiting());
    assert!(aof.is_settled(aof.mark()), "replies leave under everysec");
    aof.set_policy(AppendFsync::Always, false);
    assert!(!aof.is_settled(aof.mark()));
    let rest = { std::mem::take(&mut *aof.writer()) };
    assert!(rest.waiting() > PING.len());
    aof.writer().open(file(&path), 0, 0);
    append(&aof, 14);
    aof.flush();
    aof.sync();
    assert!(!aof.has_failed() && aof.failure().is_none());
}

#[test]
fn the_next_file_begins_when_the_stream_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let aof = begun(dir.path(), AppendFsync::EverySec);
    aof.arm(file(&dir.path().join("2")), start(14)).unwrap();
    assert!(!aof.has_begun());
    append(&aof, 0);
    assert!(aof.has_begun());
    append(&aof, 14);
    aof.flush();
    let size = |name| fs::metadata(dir.path().join(name)).unwrap().len();
    assert_eq!(aof.size(), size("1") + size("2"));
    aof.rewritten(1000);
    assert_eq!((aof.size(), aof.rewritten_size()), (1000 + size("2"), 1000 + size("2")));
    assert_eq!(aof.arm(file(&dir.path().join("3")), start(15)), Err(Ahead));
    aof.arm(file(&dir.path().join("3")), start(100)).unwrap();
    aof.disarm();
    assert!(aof.has_begun());
}

#[test]
fn what_is_synced_behind_a_base_in_force_is_durable() {
    let dir = tempfile::tempdir().unwrap();
    let aof = begun(dir.path(), AppendFsync::EverySec);
    let durable = || aof.durable_place().map(|place| place.offset.get());
    append(&aof, 0);
    aof.flush();
    assert!(aof.sync());
    assert_eq!(durable(), None, "a start without a base finds nothing");
    aof.rewritten(1000);
    assert_eq!(durable(), Some(14));
    append(&aof, 14);
    aof.flush();
    assert_eq!(durable(), Some(14), "it is written and not synced");
    assert!(aof.sync());
    assert_eq!(durable(), Some(28));
    // A base has what is before it, synced or not.
    aof.arm(file(&dir.path().join("2")), start(42)).unwrap();
    append(&aof, 28);
    assert!(aof.has_begun());
    assert_eq!(durable(), Some(28));
    aof.rewritten(1000);
    assert_eq!(durable(), Some(42));
    // Replaced data need a new base.
    append(&aof, 100);
    aof.flush();
    assert_eq!(durable(), None);
    aof.arm(file(&dir.path().join("3")), start(200)).unwrap();
    assert!(aof.has_begun());
    assert_eq!(durable(), None);
    aof.rewritten(1000);
    assert_eq!(durable(), Some(200));
    aof.turn_off();
    assert_eq!(durable(), None);
}
