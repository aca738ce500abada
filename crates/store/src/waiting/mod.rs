//! Clients that block until a key has what they want.
//!
//! | file | what it is |
//! |---|---|
//! | `wait` | what one client waits for |
//! | `waiters` | all clients that wait, and the order in which they are served |

mod wait;
mod waiters;

pub use wait::{Executed, Wait};
pub use waiters::{Served, Waiters};
