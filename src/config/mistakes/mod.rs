//! What a reader finds in a file: its mistakes, where they are, and where its keys are.

mod mistake;
mod report;
mod source;

pub use mistake::{ConfigError, Mistake, Problem};
pub(super) use report::Report;
pub(super) use source::{Source, one_line};
