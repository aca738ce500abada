//! The Sentinels: what they are asked, what they tell unasked, and what follows from it.
//!
//! Each known Sentinel has two tasks ([`tasks`]): `poll` asks it once a second, and at once after
//! an event; `subscription` receives its events. Both send news to the monitor's loop, where
//! [`SentinelWatch`](watch::SentinelWatch) keeps them. A majority's statement becomes evidence for
//! the election; no server gets requests because a Sentinel names it.

mod failover;
mod fault;
mod log;
pub(in crate::monitor) mod news;
mod poll;
mod questions;
mod setup;
mod subscription;
pub(in crate::monitor) mod tasks;
pub(in crate::monitor) mod watch;
