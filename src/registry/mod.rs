//! The clients that are connected to a port, for `CLIENT LIST`, `CLIENT KILL` and `CLIENT PAUSE`:
//! those of the proxy, or those of the engine's port and the engine's master.

mod asking;
mod client_commands;
mod client_info;
mod closings;
mod entry;
mod evict;
mod kill_filter;
mod logins;
mod operator_hold;
mod pause;
mod presence;
mod redirections;
mod refusals;
#[expect(clippy::module_inception, reason = "a file is one noun, and this one is the registry")]
mod registry;
mod signals;

pub use asking::{Asked, Asking};
pub use client_commands::Killed;
pub use client_info::ClientInfo;
pub use closings::{Closing, Closings};
pub use entry::Entry;
pub use evict::evict_clients;
pub use logins::Logins;
pub use operator_hold::OperatorHold;
pub use pause::Pause;
pub(crate) use presence::Presence;
pub use redirections::{Redirected, Redirection, TargetState};
pub use refusals::Refusals;
pub use registry::Registry;
pub use signals::Unblocked;
