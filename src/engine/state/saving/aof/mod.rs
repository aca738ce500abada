//! The append-only file: the machine that takes the stream and writes it. It knows nothing of the
//! data. `persist/aof` has the rest: loading, rewriting, and the thread that syncs.
//!
//! | file | what it is |
//! |---|---|
//! | `log` | the machine: what the engine's threads share |
//! | `pending` | the bytes that wait, and where the stream is at their end |
//! | `writer` | the command file that is written |
//! | `durable` | which part of the stream a start finds for sure |
//! | `directory` | the files and their manifest |

mod directory;
mod durable;
mod log;
mod pending;
mod writer;

pub(in crate::engine) use directory::{Directory, DirectoryError};
pub(in crate::engine) use log::{Aof, AofState};
pub(in crate::engine) use pending::{Ahead, History, Start};
