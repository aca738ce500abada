//! The scanners of requests and replies: the same frames are found however the bytes are cut up.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

mod input;
mod replies;
mod requests;
mod scan_replies;
mod scan_requests;
