//! The manifest of the append-only file: which files there are, and in which order they are loaded
//! (`aofLoadManifestFromFile`, `getAofManifestAsString`).

use tidegate_wire::resp::inline::{self, Quotes};
use tidegate_wire::resp::integer;

/// The longest line that servers accept (`MANIFEST_MAX_LINE`).
const LINE_MAX: usize = 1024;

/// The names of the files, which all begin with `appendfilename`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(String);

impl Names {
    /// Returns the names that begin with `appendfilename`.
    #[must_use]
    pub fn new(appendfilename: &str) -> Self {
        Self(appendfilename.to_owned())
    }

    /// The name of the manifest.
    #[must_use]
    pub fn manifest(&self) -> String {
        format!("{}.manifest", self.0)
    }

    /// The name of the only file that servers before Redis 7.0 have.
    #[must_use]
    pub fn old(&self) -> &str {
        &self.0
    }

    fn base(&self, seq: u64) -> String {
        format!("{}.{seq}.base.rdb", self.0)
    }

    fn commands(&self, seq: u64) -> String {
        format!("{}.{seq}.incr.aof", self.0)
    }
}

/// A file of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    name: String,
    seq: u64,
}

/// The files of the append-only file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    base: Option<Item>,
    commands: Vec<Item>,
    /// Files that are to be removed.
    history: Vec<Item>,
    /// The last numbers that bases and command files got.
    last: (u64, u64),
}

/// Why a manifest cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It has no line.
    #[error("the manifest is empty")]
    Empty,
    /// A line is longer than servers accept, or does not end.
    #[error("line {line} is too long or has no end")]
    Length {
        /// The number of the line.
        line: usize,
    },
    /// A line does not say which file, which number and which type.
    #[error("line {line} does not name a file with its number and type")]
    Form {
        /// The number of the line.
        line: usize,
    },
    /// A name is a path.
    #[error("line {line} names a path instead of a file")]
    Path {
        /// The number of the line.
        line: usize,
    },
    /// A second base.
    #[error("line {line} names a second base")]
    SecondBase {
        /// The number of the line.
        line: usize,
    },
    /// The command files are not in their order.
    #[error("line {line} names a command file out of order")]
    Order {
        /// The number of the line.
        line: usize,
    },
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// [`ManifestError`]
    pub fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        let mut manifest = Self::default();
        let mut is_empty = true;
        for (at, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            is_empty = false;
            let number = at + 1;
            if !line.ends_with(b"\n") || line.len() > LINE_MAX {
                return Err(ManifestError::Length { line: number });
            }
            if !line.starts_with(b"#") {
                manifest.add(line, number)?;
            }
        }
        if is_empty { Err(ManifestError::Empty) } else { Ok(manifest) }
    }

    fn add(&mut self, text: &[u8], line: usize) -> Result<(), ManifestError> {
        let form = ManifestError::Form { line };
        let words = inline::split(text, Quotes::EndWords).map_err(|_| form)?;
        if words.len() < 6 || words.len() % 2 > 0 {
            return Err(form);
        }
        let (mut name, mut seq, mut kind) = (None, None, None);
        // Servers skip keys that they do not know, such as the offsets that Redis 8 adds.
        for pair in words.chunks_exact(2) {
            let [key, value] = pair else { continue };
            let is = |word: &str| key.eq_ignore_ascii_case(word.as_bytes());
            if is("file") {
                name = String::from_utf8(value.clone()).ok();
            } else if is("seq") {
                seq = integer::parse(value).and_then(|it| u64::try_from(it).ok());
            } else if is("type") {
                kind = value.first().copied();
            }
        }
        let (Some(name), Some(seq), Some(kind)) = (name, seq, kind) else { return Err(form) };
        if name.is_empty() || name.contains(['/', '\0']) || name == "." || name == ".." {
            return Err(ManifestError::Path { line });
        }
        match kind {
            b'b' if self.base.is_some() => return Err(ManifestError::SecondBase { line }),
            b'b' => {
                self.last.0 = seq;
                self.base = Some(Item { name, seq });
            }
            b'i' if seq <= self.last.1 => return Err(ManifestError::Order { line }),
            b'i' => {
                self.last.1 = seq;
                self.commands.push(Item { name, seq });
            }
            b'h' => self.history.push(Item { name, seq }),
            _ => return Err(form),
        }
        Ok(())
    }

    /// Writes the manifest, as servers write it.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let base = self.base.iter().map(|item| (item, 'b'));
        let history = self.history.iter().map(|item| (item, 'h'));
        let commands = self.commands.iter().map(|item| (item, 'i'));
        for (item, kind) in base.chain(history).chain(commands) {
            out.extend_from_slice(b"file ");
            write_name(item.name.as_bytes(), &mut out);
            out.extend_from_slice(format!(" seq {} type {kind}\n", item.seq).as_bytes());
        }
        out
    }

    /// The manifest of a directory that has only the file of a server before Redis 7.0, which
    /// becomes the base (`aofUpgradePrepare`).
    #[must_use]
    pub fn of_old(names: &Names) -> Self {
        let base = Item { name: names.old().to_owned(), seq: 1 };
        Self { base: Some(base), last: (1, 0), ..Self::default() }
    }

    /// The file that is loaded first.
    #[must_use]
    pub fn base(&self) -> Option<&str> {
        self.base.as_ref().map(|item| item.name.as_str())
    }

    /// The files with the commands behind the base, in the order in which they are loaded.
    pub fn commands(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.commands.iter().map(|item| item.name.as_str())
    }

    /// The files that are to be removed.
    pub fn history(&self) -> impl Iterator<Item = &str> {
        self.history.iter().map(|item| item.name.as_str())
    }

    /// Whether there is no file to load.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.base.is_none() && self.commands.is_empty()
    }

    /// Adds the next command file and returns its name.
    pub fn add_commands(&mut self, names: &Names) -> String {
        self.last.1 += 1;
        let name = names.commands(self.last.1);
        self.commands.push(Item { name: name.clone(), seq: self.last.1 });
        name
    }

    /// Adds a new base, behind which only the last command file is loaded. The files before become
    /// history. Returns the name of the base.
    pub fn add_base(&mut self, names: &Names) -> String {
        self.last.0 += 1;
        let name = names.base(self.last.0);
        self.history.extend(self.base.take());
        let last = self.commands.pop();
        self.history.append(&mut self.commands);
        self.commands.extend(last);
        self.base = Some(Item { name: name.clone(), seq: self.last.0 });
        name
    }

    /// Forgets the files that are to be removed.
    pub fn forget_history(&mut self) {
        self.history.clear();
    }
}

/// Writes a name, quoted where it has to be (`sdsneedsrepr`, `sdscatrepr`).
fn write_name(name: &[u8], out: &mut Vec<u8>) {
    let needs = |byte: &u8| !byte.is_ascii_graphic() || matches!(byte, b'"' | b'\'' | b'\\');
    if !name.iter().any(needs) {
        return out.extend_from_slice(name);
    }
    out.push(b'"');
    for byte in name {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            b' '..=b'~' => out.push(*byte),
            _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        Names::new("appendonly.aof")
    }

    fn text(manifest: &Manifest) -> String {
        String::from_utf8(manifest.write()).unwrap()
    }

    #[test]
    fn a_rewrite_replaces_the_files() {
        let mut manifest = Manifest::default();
        assert!(manifest.is_empty());
        assert_eq!(manifest.add_commands(&names()), "appendonly.aof.1.incr.aof");
        assert_eq!(manifest.add_base(&names()), "appendonly.aof.1.base.rdb");
        let one = "file appendonly.aof.1.base.rdb seq 1 type b\n\
            file appendonly.aof.1.incr.aof seq 1 type i\n";
        assert_eq!(text(&manifest), one);
        manifest.add_commands(&names());
        manifest.add_base(&names());
        let two = "file appendonly.aof.2.base.rdb seq 2 type b\n\
            file appendonly.aof.1.base.rdb seq 1 type h\n\
            file appendonly.aof.1.incr.aof seq 1 type h\n\
            file appendonly.aof.2.incr.aof seq 2 type i\n";
        assert_eq!(text(&manifest), two);
        let read = Manifest::parse(two.as_bytes()).unwrap();
        assert_eq!(read, manifest);
        assert_eq!(read.history().count(), 2);
        manifest.forget_history();
        assert_eq!(manifest.base(), Some("appendonly.aof.2.base.rdb"));
        assert!(manifest.commands().eq(["appendonly.aof.2.incr.aof"]));
        assert_eq!(names().manifest(), "appendonly.aof.manifest");
    }

    #[test]
    fn names_may_need_quotes() {
        let names = Names::new("a \"b\"\u{e9}");
        let mut manifest = Manifest::of_old(&names);
        manifest.add_commands(&names);
        let written = text(&manifest);
        assert!(written.starts_with("file \"a \\\"b\\\"\\xc3\\xa9\" seq 1 type b\n"), "{written}");
        assert_eq!(Manifest::parse(written.as_bytes()).unwrap(), manifest);
    }

    #[test]
    fn what_servers_add_is_skipped() {
        let redis_8 = b"# a comment\nfile a.1.base.rdb seq 1 type b\n\
            file a.1.incr.aof seq 1 type i startoffset 0 endoffset 17\n\
            file a.2.incr.aof seq 2 type i startoffset 17\n";
        let manifest = Manifest::parse(redis_8).unwrap();
        assert!(manifest.commands().eq(["a.1.incr.aof", "a.2.incr.aof"]));
    }

    #[test]
    fn mistakes_name_their_line() {
        let good = "file a seq 1 type b\n";
        let long = format!("file {} seq 1 type b\n", "a".repeat(LINE_MAX));
        for (wrong, error) in [
            ("", ManifestError::Empty),
            ("file a seq 1 type b", ManifestError::Length { line: 1 }),
            (&long, ManifestError::Length { line: 1 }),
            ("\n", ManifestError::Form { line: 1 }),
            ("file a seq 1\n", ManifestError::Form { line: 1 }),
            ("file a seq x type b\n", ManifestError::Form { line: 1 }),
            ("file a seq 1 type x\n", ManifestError::Form { line: 1 }),
            ("file a seq 1 type b startoffset\n", ManifestError::Form { line: 1 }),
            ("file \"a seq 1 type b\n", ManifestError::Form { line: 1 }),
            ("file ../a seq 1 type b\n", ManifestError::Path { line: 1 }),
            ("file .. seq 1 type b\n", ManifestError::Path { line: 1 }),
            ("file a seq 1 type b\nfile b seq 2 type b\n", ManifestError::SecondBase { line: 2 }),
            ("file a seq 2 type i\nfile b seq 2 type i\n", ManifestError::Order { line: 2 }),
        ] {
            assert_eq!(Manifest::parse(wrong.as_bytes()), Err(error), "{wrong}");
        }
        assert!(Manifest::parse(good.as_bytes()).is_ok());
    }
}
