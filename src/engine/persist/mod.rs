//! The data on the disk: snapshots are written and loaded, and temporary files hold what is on
//! its way.
//!
//! | file | what it is |
//! |---|---|
//! | `temporary` | files that serve one run of the process only |
//! | `spool` | a file that one thread writes while another one reads it |
//! | `load` | a snapshot becomes a store |
//! | `snapshot` | the data become a snapshot, and the snapshot of the last run becomes the data |
//! | `persist_payload` | the payload of a full resync becomes the snapshot |

mod load;
mod persist_payload;
mod snapshot;
mod spool;
mod temporary;

pub(super) use load::{LoadError, Loaded, load};
pub use snapshot::SaveError;
pub(super) use spool::{Spool, SpoolReader};
pub use temporary::check_dir;
pub(super) use temporary::remove_old;
