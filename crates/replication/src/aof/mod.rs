//! The append-only file of Redis 7: its manifest, and its command files, which hold the replication
//! stream. Never opens a file.
//!
//! | file | what it is |
//! |---|---|
//! | `manifest` | which files there are, and in which order they are loaded |
//! | `note` | lines between commands, which servers skip: where the stream is |
//! | `command_file` | cuts the bytes of a command file into notes and units |
//! | `position` | from notes and units to the place in the history that the data have |

mod command_file;
mod manifest;
mod note;
mod position;

pub use command_file::{CommandFile, Entry, FileError};
pub use manifest::{Manifest, ManifestError, Names};
pub use note::{Note, Second};
pub use position::{Contradiction, Place, Tracker};
