//! Questions to servers, and their answers.
//!
//! A [`Link`](link::Link) is the control connection to one server. [`probe`] asks over it;
//! `answer`, `role` and `position` read the replies, which `frame` decodes within limits.

pub(in crate::monitor) mod answer;
pub(in crate::monitor) mod commands;
pub(in crate::monitor) mod frame;
pub(in crate::monitor) mod info;
pub(in crate::monitor) mod link;
pub(in crate::monitor) mod position;
pub(in crate::monitor) mod probe;
pub(in crate::monitor) mod role;
pub(in crate::monitor) mod watchers;
pub(in crate::monitor) mod words;
