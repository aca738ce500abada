//! What operators ask of the running process: PROXY HOLD, PROXY RELEASE, and PROXY FAILOVER, which
//! makes a replica the master while requests wait.
//!
//! `operations` takes them one after the other. `quiet` waits until no request is under way at the
//! master. `failover` has the steps of a planned failover, `orders` what it tells the servers, and
//! `sentinels` finds the Sentinels that can begin one.

mod error;
mod failover;
mod operations;
mod orders;
mod quiet;
mod sentinels;

pub use operations::run;
