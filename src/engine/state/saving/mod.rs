//! Whether the data are being saved.
//!
//! | file | what it is |
//! |---|---|
//! | `saves` | whether a save is under way, and how the last one ended |
//! | `aof` | the append-only file |
//! | `ending` | whether the process ends, and with a save |
//! | `schedule` | what is to be saved later, and since when the data have changed |
//! | `payload_save` | whether the payload of a full resync is becoming the snapshot |

mod aof;
mod ending;
mod payload_save;
mod saves;
mod schedule;

pub(in crate::engine) use aof::{Ahead, Aof, AofState, Directory, DirectoryError, History, Start};
pub(in crate::engine) use ending::{Ending, Farewell};
pub(in crate::engine) use payload_save::PayloadSave;
pub(in crate::engine) use saves::Saves;
pub(in crate::engine) use schedule::{Changes, Schedule};
