//! The data on the disk: snapshots are written and loaded, and temporary files hold data that
//! arrive.
//!
//! | file | what it is |
//! |---|---|
//! | `temporary` | files that serve one run of the process only |
//! | `spool` | a file that one thread writes while another one reads it |
//! | `load` | loads a snapshot into a store |
//! | `place` | where the data are on the disk |
//! | `view` | a view of the data at one moment, and how it is written |
//! | `kept_stream` | the end of the stream in a snapshot |
//! | `snapshot` | saves the data as a snapshot, and loads that of the last run |
//! | `due` | whether the rules of `save` ask for a save |
//! | `end` | what is written before the process ends |
//! | `aof` | the append-only file |
//! | `persist_payload` | keeps the payload of a full resync as the snapshot |

mod aof;
mod due;
mod end;
mod kept_stream;
mod load;
mod persist_payload;
mod place;
mod snapshot;
mod spool;
mod temporary;
mod view;

pub(super) use aof::{Begun, keep};
pub(super) use load::{LoadError, Loaded, load};
pub use snapshot::SaveError;
pub(super) use spool::{Spool, SpoolReader};
pub use temporary::check_dir;
pub(super) use temporary::{payload_file, remove_old};
