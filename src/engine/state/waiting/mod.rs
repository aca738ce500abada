//! What tasks and threads of the engine wait for: changes of the data, and their turn at them.

mod progress;
mod turns;

pub(in crate::engine) use progress::Progress;
pub(in crate::engine) use turns::Turns;
