//! Scripts and functions at the engine's port. They run on a thread of their own, because a script
//! that runs for long must not keep others from being told so (`BUSY`), and from killing it.
//!
//! | file | what it is |
//! |---|---|
//! | `job` | a script that is to run, and what became of it |
//! | `data` | the data that a script works on: a master's own, or those that a replica shows |
//! | `host` | how a script calls commands |
//! | `run` | how one job is done |
//! | `script_thread` | the thread, and how the port reaches it |
//!
//! At a master the thread gets the store itself, while the port keeps the lock of its place. It
//! records what each command did, and the port notes it when the script has ended.

mod data;
mod host;
mod job;
mod run;
mod script_thread;

pub(super) use job::{Done, Job, MadeCall, Refused};
pub(super) use script_thread::{Ran, ScriptThread, Unfinished};
