//! Which embedded server was the master last: its data are the newest.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// The file's name.
const NAME: &str = "leader";

/// Returns the number of the server that was the master last, from 0 on; `None` if it is not known.
pub(super) fn last_leader(dir: &Path) -> Option<usize> {
    let text = fs::read_to_string(dir.join(NAME)).ok()?;
    text.trim().parse::<usize>().ok()?.checked_sub(1)
}

/// Notes that this server is the master.
///
/// # Errors
/// The file cannot be written.
pub(super) fn note_leader(dir: &Path, leader: usize) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    writeln!(file, "{}", leader + 1)?;
    file.as_file().sync_all()?;
    file.persist(dir.join(NAME)).map_err(|error| error.error)?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_found() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(last_leader(dir.path()), None);
        note_leader(dir.path(), 2).unwrap();
        assert_eq!(last_leader(dir.path()), Some(2));
        for text in ["0", "x", ""] {
            fs::write(dir.path().join(NAME), text).unwrap();
            assert_eq!(last_leader(dir.path()), None, "{text}");
        }
    }
}
