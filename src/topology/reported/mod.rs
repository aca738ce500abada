//! What a server reports of itself.

mod module;
mod observation;
mod sample;
mod server_version;

pub use module::Module;
pub use observation::{LinkState, Observation, ServerRole, scan_tag};
pub use sample::{Attached, Sample};
pub use server_version::ServerVersion;
