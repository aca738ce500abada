//! CONFIG: reads, changes and rewrites the configuration of the engine.
//!
//! | file | what it is |
//! |---|---|
//! | `keys` | the keys that CONFIG knows |
//! | `value` | a value, as redis.conf and as `proxy.toml` write it |
//! | `rewrite` | CONFIG REWRITE |
//! | `command` | CONFIG GET, SET, RESETSTAT ... |

mod command;
mod keys;
mod rewrite;
mod value;

pub(super) use command::config;
