//! The history checker of consistency levels: many clients write versions of registers and read
//! them back through two proxies, and each read is judged as its reply arrives.
//!
//! | module | what it is |
//! |---|---|
//! | [`judge`] | the rules, pure: what a session knows, what a read may return, what a failover excuses |
//! | [`keys`] | the registers: their kinds, names and databases |
//! | [`commands`] | requests that write and read registers, and the versions in their replies |
//! | [`batch`] | a pipeline of such requests, and what its replies mean |
//! | [`world`] | what all clients of a round share |
//! | [`judging`] | the judge of one client's sessions: what each reply means |
//! | [`connection`] | a client's connection, whose replies the judge sees |
//! | [`clients`] | what the clients do |
//! | [`lag`] | changing delays between the master and each replica |
//! | [`round`], [`report`] | one round, and its outcome as a table and as JSON |

pub mod batch;
pub mod clients;
pub mod commands;
pub mod connection;
pub mod judge;
pub mod judging;
pub mod keys;
pub mod lag;
pub mod report;
pub mod round;
pub mod world;
