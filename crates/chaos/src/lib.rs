//! Random faults between clients, proxy and servers, and the checker of what the clients saw.
//!
//! | module | what it is |
//! |---|---|
//! | [`plan`], [`history`], [`roles`], [`verdict`], [`json`] | values: what is built, what happened, which server led, what is wrong |
//! | [`check`] | the rules: a history in, violations out; runs nothing |
//! | [`stand`] | servers, Sentinels, relays, the proxy, and threads that watch them |
//! | [`clients`] | clients that record what they ask for and what they are told |
//! | [`faults`] | what goes wrong, and how it is mended |
//! | [`run`] | one round of all that |
//! | [`trials`] | failovers of a known kind under a steady load, measured |
//! | [`consistency`] | the consistency levels: versions of registers, judged as replies arrive |

#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "a test's helper is named for what it does")]
#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "plain threads may sleep; no worker runs here")]
#![allow(clippy::cognitive_complexity, reason = "every assert! counts as a branch")]

pub mod check;
pub mod clients;
pub mod consistency;
pub mod faults;
pub mod history;
pub mod json;
pub mod plan;
pub mod roles;
pub mod run;
pub mod stand;
pub mod trials;
pub mod verdict;
