//! The side that faces the clients: one task per client, replies in order.
//!
//! A worker is one thread with its own clients and its own connections to the servers; no request
//! crosses threads. What clients of different workers have to know of each
//! other (`CLIENT LIST`, `KILL`, `PAUSE`) stands in the [`registry`](crate::registry).
//!
//! A client's bytes take this way; each folder uses only those below it:
//!
//! | Folder or file | What it does |
//! |---|---|
//! | `task` | Reads from the client's socket and writes to it. |
//! | `reading` | Finds the requests; plain ones go straight to `sending`. |
//! | `planning` | Makes and carries out the plan of any other request. |
//! | `events` | Takes what came from the servers: replies, failures, lost connections. |
//! | `replies` | Changes replies, has them wait for replicas, limits those that wait. |
//! | `retries` | Sends requests again that failed, or answers with an error (INDOUBT). |
//! | `commands` | The commands that change the session: MULTI, SUBSCRIBE, SCAN, WAIT, ... |
//! | `introspection` | The commands about the proxy itself: CLIENT, PROXY, INFO. |
//! | `sending` | Puts requests on connections, in order; chooses the server of a read. |
//! | `dedicated` | The connection that only one client uses. |
//! | `holding` | Requests that wait for the servers. |
//! | `client` | One client's state, made of the small machines of these folders. |

mod acceptor;
#[expect(clippy::module_inception, reason = "a file is one noun, and this one is the client")]
mod client;
mod commands;
mod dedicated;
mod drain;
mod ending;
mod events;
mod holding;
mod introspection;
mod outcome;
mod planning;
mod reading;
mod replies;
mod request;
mod retries;
mod sending;
mod task;
#[cfg(test)]
mod tests;

pub use acceptor::accept;
pub use introspection::overview::Overview;
