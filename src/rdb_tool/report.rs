//! The output of `tidegate rdb check`.

use std::io::{self, Write};
use std::path::Path;

use super::tally::{Tally, Trailing};
use tidegate_rdb::ChecksumState;
use tidegate_wire::units::columns;

/// The most bytes of a text of the file that are shown.
const SHOWN: usize = 80;

/// A text of the file on one line: bytes other than printable ASCII are escaped, a long text is
/// shortened.
fn shown(bytes: &[u8]) -> String {
    let mut text: String = bytes.iter().take(SHOWN).map(|b| b.escape_ascii().to_string()).collect();
    if bytes.len() > SHOWN {
        text += "...";
    }
    text
}

/// Writes the summary of the file at `path`.
pub(super) fn write(tally: &Tally, path: &Path, out: &mut impl Write) -> io::Result<()> {
    facts(tally, path, out)?;
    if !tally.kinds.is_empty() {
        let rows = tally.kinds.iter().map(|((kind, encoding), of)| {
            let numbers = [of.keys, of.elements, of.bytes, of.largest].map(|n| n.to_string());
            let [keys, elements, bytes, largest] = numbers;
            [(*kind).to_owned(), (*encoding).to_owned(), keys, elements, bytes, largest]
        });
        let head = ["TYPE", "ENCODING", "KEYS", "ELEMENTS", "BYTES", "LARGEST"];
        writeln!(out)?;
        table(out, head, &rows.collect::<Vec<_>>())?;
        let rows = tally.largest.iter().map(|of| {
            let [bytes, elements, db] = [of.bytes, of.elements, of.db].map(|n| n.to_string());
            [bytes, elements, of.kind.to_owned(), db, shown(&of.key)]
        });
        writeln!(out, "\nThe largest keys, by their bytes in the file:")?;
        let head = ["BYTES", "ELEMENTS", "TYPE", "DB", "KEY"];
        table(out, head, &rows.collect::<Vec<_>>())?;
    }
    Ok(())
}

fn table<const N: usize>(
    out: &mut impl Write,
    head: [&str; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    columns(head, rows).iter().try_for_each(|line| writeln!(out, "{line}"))
}

/// Writes a line about a key with a problem.
pub(super) fn problem(db: u64, key: &[u8], why: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{:<11} key {} of database {db}: {why}", "problem", shown(key))
}

fn facts(tally: &Tally, path: &Path, out: &mut impl Write) -> io::Result<()> {
    let mut fact = |name: &str, text: String| writeln!(out, "{name:<11} {text}");
    let of = tally.len.map_or_else(String::new, |len| format!(" of {len}"));
    fact("file", format!("{}, {}{of} bytes read", path.display(), tally.read))?;
    let Some(header) = tally.header else { return Ok(()) };
    let new = if header.is_known() { "" } else { ", newer than this program knows" };
    fact("format", format!("{} {}{new}", header.vendor.name(), header.version))?;
    let checksum = match tally.checksum {
        Some(ChecksumState::Verified) => "verified",
        Some(ChecksumState::Absent) => "none",
        None => "not reached",
    };
    fact("checksum", checksum.to_owned())?;
    let (keys, expires) = tally
        .databases
        .values()
        .fold((0, 0), |(keys, expires), db| (keys + db.keys, expires + db.expires));
    fact("keys", format!("{keys}, {expires} of them expire"))?;
    for (db, of) in &tally.databases {
        fact("database", format!("{db}: {} keys, {} of them expire", of.keys, of.expires))?;
    }
    if tally.functions > 0 {
        let noun = if tally.functions == 1 { "library" } else { "libraries" };
        fact("functions", format!("{} {noun}", tally.functions))?;
    }
    for (name, (values, aux)) in &tally.modules {
        fact("module", format!("{name}: {values} keys, {aux} data of its own"))?;
    }
    if tally.slots > 0 {
        fact("slots", tally.slots.to_string())?;
    }
    for (key, value) in &tally.aux {
        fact("aux", format!("{} = {}", shown(key), shown(value)))?;
    }
    if tally.empty > 0 {
        fact("note", format!("{} keys are collections without elements", tally.empty))?;
    }
    let trailing = match tally.trailing {
        Trailing::Nothing => None,
        Trailing::Mark => Some(
            "after the end are the 40 bytes that a master sends after a payload and that \
             `redis-cli --rdb -` keeps",
        ),
        Trailing::More => {
            Some("other data follows the end of the RDB file: is it an append-only file?")
        }
    };
    trailing.map_or(Ok(()), |text| fact("note", text.to_owned()))?;
    Ok(())
}
