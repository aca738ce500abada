//! What the monitor reports: the topology to the workers, changes to the log, its own state to the
//! board of tasks.

pub(in crate::monitor) mod liveness;
pub(in crate::monitor) mod log;
pub(in crate::monitor) mod publisher;
