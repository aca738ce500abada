//! The program: its start, its signals, its end, tasks that panic, and `tidegate rdb`.

pub mod lifecycle;
mod rdb_tool;
mod signals_at_start;
mod tasks;
