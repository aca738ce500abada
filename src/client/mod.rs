//! The side that faces the clients: one task per client, replies in order.
//!
//! A worker is one thread with its own clients and its own connections to the servers; no request
//! crosses threads. What clients of different workers have to know of each
//! other (`CLIENT LIST`, `KILL`, `PAUSE`) stands in the [`registry`](crate::registry).
//!
//! Each folder or file uses only those below it:
//!
//! | folder or file | what it does |
//! |---|---|
//! | `task` | reads the client's socket and writes to it |
//! | `reading` | finds the requests; plain ones go straight to `sending` |
//! | `events` | takes what came from the servers: replies, failures, lost connections |
//! | `dispatch` | carries out the plan of every other request, holds it or refuses it |
//! | `replies` | changes replies, holds them until replicas have the write, limits those that wait |
//! | `retries` | sends requests again that failed, or answers with an error (INDOUBT) |
//! | `commands` | the commands that change the session: MULTI, SUBSCRIBE, SCAN, WAIT, ... |
//! | `introspection` | the commands about the proxy itself: CLIENT, PROXY, INFO |
//! | `planning` | makes the plan of a request |
//! | `sending` | chooses the connection of a request, keeps the order |
//! | `holding` | requests that wait for the servers |
//! | `batch` | the requests of one read; chooses the server of its reads |
//! | `state` | one client's state, made of small machines |

mod acceptor;
mod batch;
mod commands;
mod dispatch;
mod drain;
mod ending;
mod events;
mod holding;
mod introspection;
mod lost_connection;
mod outcome;
mod planning;
mod reading;
mod replies;
mod request;
mod retries;
mod sending;
mod state;
mod task;
#[cfg(test)]
mod tests;

pub use acceptor::{Port, accept};
pub use introspection::overview::Overview;
