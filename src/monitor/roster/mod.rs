//! The known servers.
//!
//! The [`Roster`](list::Roster) has a [`Member`](member::Member) for each server that proxy.toml or
//! another server names, with the connection to it and its last answer.

pub(in crate::monitor) mod alias;
pub(in crate::monitor) mod contact;
pub(in crate::monitor) mod discovery;
pub(in crate::monitor) mod endpoint;
pub(in crate::monitor) mod list;
pub(in crate::monitor) mod member;
pub(in crate::monitor) mod named_server;
pub(in crate::monitor) mod role_record;
