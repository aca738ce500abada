//! Consistency of reads beyond bounded staleness: which data a read must include, and what servers
//! say about theirs. Pure: no socket, no clock.

mod bound;
mod history;
mod lag_limit;
mod lately;
mod level;
pub mod position;
mod session_minimum;
mod token;
mod write_table;

pub use bound::Bound;
pub use history::History;
pub use lag_limit::LagLimit;
pub use lately::Period;
pub use level::Level;
pub use session_minimum::{OwnWrites, SessionMinimum};
pub use token::{NoToken, Token};
pub use write_table::{LastWrite, Mark, Place, WriteTable};
