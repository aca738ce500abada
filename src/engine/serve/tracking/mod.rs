//! CLIENT TRACKING, as one client of the port has it. `state/tracking` sends the invalidations.
//!
//! | file | what it is |
//! |---|---|
//! | `mode` | how the client tracks, and whether it remembers what it reads |
//! | `options` | the options of CLIENT TRACKING and CLIENT CACHING |

mod mode;
mod options;

pub(super) use mode::ClientTracking;
pub(super) use options::{Asked, ask, caching};
