//! What connections know and ask about the offsets of their servers.

mod bounds;
pub(super) mod group;
mod questions;
mod reader;

pub use questions::OffsetQuestions;
pub(in crate::backend) use questions::Proof;
pub use reader::Reader;
