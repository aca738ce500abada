//! Libraries of functions: their sources, which are kept and dumped, and never run.

mod source;

pub(crate) use source::Function;

use crate::call::{CommandError, shown};
use tidegate_wire::resp::inline::{self, Quotes};

/// The first bytes of a source; the name of the engine follows.
const SHEBANG: &[u8] = b"#!";

/// A library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Library {
    pub(crate) name: Vec<u8>,
    pub(crate) source: Vec<u8>,
}

/// All libraries, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Libraries(Vec<Library>);

impl Library {
    /// Returns the library of this source, whose first line has its name: `#!lua name=...`.
    ///
    /// # Errors
    /// The error is in the words of the server (`functionExtractLibMetaData`,
    /// `functionsCreateWithLibraryCtx`).
    pub(crate) fn parse(source: &[u8]) -> Result<Self, CommandError> {
        let (engine, name) = head(source)?;
        if !engine.eq_ignore_ascii_case(b"lua") {
            let error = format!("ERR Engine '{}' not found", shown(&engine));
            return Err(CommandError::of(error));
        }
        Ok(Self { name, source: source.to_vec() })
    }

    /// Returns a library that a master has accepted. Its engine may be a module's, and a source
    /// without a name is kept too.
    pub(crate) fn kept(source: Vec<u8>) -> Self {
        let name = head(&source).map(|(_, name)| name).unwrap_or_default();
        Self { name, source }
    }

    /// The functions that the library registers, as far as its source names them in plain words.
    pub(crate) fn functions(&self) -> Vec<Function> {
        source::functions(&self.source)
    }
}

impl Libraries {
    /// Adds a library, which replaces one of the same name.
    pub(crate) fn add(&mut self, library: Library) {
        match self.0.iter_mut().find(|it| it.name == library.name && !it.name.is_empty()) {
            Some(place) => *place = library,
            None => self.0.push(library),
        }
    }

    pub(crate) fn get(&self, name: &[u8]) -> Option<&Library> {
        self.0.iter().find(|library| library.name == name)
    }

    /// Removes a library. Returns whether it was there.
    pub(crate) fn remove(&mut self, name: &[u8]) -> bool {
        let before = self.0.len();
        self.0.retain(|library| library.name != name);
        self.0.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Library> {
        self.0.iter()
    }
}

/// Returns the engine and the name in the first line of a source.
fn head(source: &[u8]) -> Result<(Vec<u8>, Vec<u8>), CommandError> {
    const INVALID: CommandError = CommandError::new("ERR Invalid library metadata");
    if !source.starts_with(SHEBANG) {
        return Err(CommandError::new("ERR Missing library metadata"));
    }
    let end = source.iter().position(|&byte| byte == b'\n').ok_or(INVALID)?;
    let words = inline::split(&source[..end], Quotes::EndWords).map_err(|_| INVALID)?;
    let (engine, words) = words.split_first().ok_or(INVALID)?;
    let engine = engine.strip_prefix(SHEBANG).unwrap_or(engine);
    let mut name = None;
    for word in words {
        let (option, value) = word.split_at_checked(5).unwrap_or((&[], &[]));
        if !option.eq_ignore_ascii_case(b"name=") {
            let error = format!("ERR Invalid metadata value given: {}", shown(word));
            return Err(CommandError::of(error));
        }
        if name.replace(value.to_vec()).is_some() {
            return Err(CommandError::new(
                "ERR Invalid metadata value, name argument was given multiple times",
            ));
        }
    }
    let name = name.ok_or(CommandError::new("ERR Library name was not given"))?;
    if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
        return Err(CommandError::new(
            "ERR Library names can only contain letters, numbers, or underscores(_) and must \
             be at least one character long",
        ));
    }
    Ok((engine.to_vec(), name))
}
