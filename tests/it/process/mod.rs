//! The process: its start, its signals, its end, and tasks that panic.

pub mod lifecycle;
mod signals_at_start;
mod tasks;
