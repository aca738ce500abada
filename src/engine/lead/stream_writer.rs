//! The replication stream of a master, as its commands write it: databases are selected, and what
//! belongs together lies between MULTI and EXEC (`propagatePendingCommands`).

use tidegate_wire::resp::{encode, integer};

const MULTI: &[u8] = b"*1\r\n$5\r\nMULTI\r\n";
const EXEC: &[u8] = b"*1\r\n$4\r\nEXEC\r\n";

/// The stream since it was last taken, and the unit that is being written.
#[derive(Debug, Default)]
pub(in crate::engine) struct StreamWriter {
    bytes: Vec<u8>,
    /// The database that the stream has selected; `None` if the next command selects one.
    db: Option<usize>,
    /// Where the unit under way begins.
    begin: usize,
    /// The number of its commands.
    count: usize,
    /// Whether its commands stay apart although there are several.
    is_loose: bool,
}

impl StreamWriter {
    /// Appends a command to the unit under way. `db` is the database that it needs.
    pub(super) fn add<'w>(&mut self, db: usize, words: impl ExactSizeIterator<Item = &'w [u8]>) {
        self.select(db);
        self.add_anywhere(words);
    }

    /// As [`Self::add`], for a command that is encoded already.
    pub(super) fn add_frame(&mut self, db: usize, frame: &[u8]) {
        self.select(db);
        self.bytes.extend_from_slice(frame);
        self.count += 1;
    }

    fn select(&mut self, db: usize) {
        if self.db != Some(db) {
            let number = integer::text(db as u64);
            encode::request(&mut self.bytes, [b"SELECT", &number[..]].into_iter());
            self.db = Some(db);
        }
    }

    /// As [`Self::add`], for a command that concerns no database.
    pub(super) fn add_anywhere<'w>(&mut self, words: impl ExactSizeIterator<Item = &'w [u8]>) {
        encode::request(&mut self.bytes, words);
        self.count += 1;
    }

    /// Keeps the commands of the unit under way apart.
    pub(super) fn be_loose(&mut self) {
        self.is_loose = true;
    }

    /// Ends the unit under way: several commands are executed at once by replicas.
    pub(super) fn end_unit(&mut self) {
        if self.count > 1 && !self.is_loose {
            let begin = self.begin;
            self.bytes.splice(begin..begin, MULTI.iter().copied());
            self.bytes.extend_from_slice(EXEC);
        }
        self.begin = self.bytes.len();
        self.count = 0;
        self.is_loose = false;
    }

    /// The number of bytes that were not taken yet, those of the unit under way included.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes of the ended units.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The database that the stream has selected.
    pub(super) fn db(&self) -> usize {
        self.db.unwrap_or_default()
    }

    /// Forgets the bytes, which were taken. The buffer stays.
    pub(super) fn clear(&mut self) {
        self.end_unit();
        self.bytes.clear();
        self.bytes.shrink_to(KEEP);
        self.begin = 0;
    }

    /// Begins another stream, which selects a database first.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }
}

/// How much of the buffer stays.
const KEEP: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &'static str) -> impl ExactSizeIterator<Item = &'static [u8]> {
        text.split(' ').map(str::as_bytes).collect::<Vec<_>>().into_iter()
    }

    fn shown(writer: &mut StreamWriter) -> String {
        let text = String::from_utf8(writer.bytes().to_vec()).unwrap();
        writer.clear();
        let words = text.split("\r\n").filter(|it| !it.starts_with(['*', '$']));
        words.collect::<Vec<_>>().join(" ").trim_end().to_owned()
    }

    #[test]
    fn a_database_is_selected_when_it_changes() {
        let mut writer = StreamWriter::default();
        for (db, command) in [(0, "SET a 1"), (0, "SET b 2"), (3, "DEL c"), (0, "DEL d")] {
            writer.add(db, words(command));
            writer.end_unit();
        }
        assert_eq!(shown(&mut writer), "SELECT 0 SET a 1 SET b 2 SELECT 3 DEL c SELECT 0 DEL d");
        writer.add(0, words("SET e 5"));
        writer.end_unit();
        assert_eq!(shown(&mut writer), "SET e 5");
        writer.restart();
        writer.add_anywhere(words("PING"));
        writer.end_unit();
        writer.add(0, words("SET f 6"));
        writer.end_unit();
        assert_eq!(shown(&mut writer), "PING SELECT 0 SET f 6");
    }

    #[test]
    fn several_commands_of_a_unit_are_a_transaction() {
        let mut writer = StreamWriter::default();
        writer.add(0, words("SET a 1"));
        writer.end_unit();
        writer.add(0, words("DEL x"));
        writer.add(2, words("SET y 1"));
        writer.end_unit();
        writer.add(2, words("DEL p"));
        writer.add(2, words("DEL q"));
        writer.be_loose();
        writer.end_unit();
        writer.add(2, words("SET z 1"));
        writer.end_unit();
        let wanted = "SELECT 0 SET a 1 MULTI DEL x SELECT 2 SET y 1 EXEC DEL p DEL q SET z 1";
        assert_eq!(shown(&mut writer), wanted);
    }
}
