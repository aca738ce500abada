//! The data on the disk: snapshots are written and loaded, and temporary files hold data that
//! arrive.
//!
//! | file | what it is |
//! |---|---|
//! | `temporary` | files that serve one run of the process only |
//! | `spool` | a file that one thread writes while another one reads it |
//! | `load` | loads a snapshot into a store |
//! | `snapshot` | saves the data as a snapshot, and loads that of the last run |
//! | `persist_payload` | keeps the payload of a full resync as the snapshot |

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
