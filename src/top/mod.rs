//! `tidegate top`: what the operator's page shows, in a terminal. It asks a running proxy for
//! `/status` and `/history` over HTTP.
//!
//! | file | what it is |
//! |---|---|
//! | `run` | starts, and prints where the output is no terminal |
//! | `error` | why it ended |
//! | `source` | asks the proxy for its documents |
//! | `target` | the address of the proxy, from a URL or from `proxy.toml` |
//! | `rows` | the cells of the tables, sorted |
//! | `plain` | plain text, for pipes |
//! | `state` | what the keys change |
//! | `screen` | draws the terminal |
//! | `terminal` | the loop of keys and documents |

mod error;
mod plain;
mod rows;
mod run;
mod screen;
mod source;
mod state;
mod target;
mod terminal;

pub use error::TopError;
pub use run::{Options, run};
pub use source::SourceError;
pub use target::{Target, TargetError};
