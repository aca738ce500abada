//! `[reads] local`: the engine in the proxy's process answers reads when its data are fresh and the
//! login may read them, and no other time.

pub mod answers;
mod engine;
mod other_master;
mod rights;
mod scripts;
mod slow;
mod unserved;
