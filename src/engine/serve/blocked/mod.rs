//! Clients that wait in a command.
//!
//! | file | what it is |
//! |---|---|
//! | `acks` | the acks of WAIT and WAITAOF |
//! | `awaited` | what one client waits for |
//! | `wait` | one client that waits |
//! | `clients` | all that wait, and when they are woken |
//! | `waiting` | how a client begins to wait, and how it ends |

mod acks;
mod awaited;
mod clients;
mod wait;
mod waiting;

pub(super) use acks::{AckKind, Acknowledged, Acks, NO_FILE};
pub(super) use awaited::Awaited;
pub(super) use clients::BlockedClients;
pub(super) use wait::Waiting;
