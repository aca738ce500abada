//! The program: its arguments, start, signals and end, tasks that panic, and `tidegate rdb`.

mod arguments;
pub mod lifecycle;
mod rdb_tool;
mod signals_at_start;
mod tasks;
