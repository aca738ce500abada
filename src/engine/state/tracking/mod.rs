//! CLIENT TRACKING of the engine's own port.
//!
//! | file | what it is |
//! |---|---|
//! | `readers` | which clients have read which keys |
//! | `trackers` | the clients that track, and what each is told |
//! | `tracking` | what all threads share: it sends the messages |

mod readers;
mod trackers;
#[expect(clippy::module_inception, reason = "the file has the tracking itself")]
mod tracking;

pub(in crate::engine) use trackers::Tracker;
pub(in crate::engine) use tracking::Tracking;
