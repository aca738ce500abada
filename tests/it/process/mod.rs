//! The program: its arguments, start, signals and end, what the service manager gets to know, tasks
//! that panic, and `tidegate rdb`.

mod arguments;
mod inherited;
pub mod lifecycle;
mod rdb_tool;
mod service_manager;
mod signals_at_start;
mod tasks;
