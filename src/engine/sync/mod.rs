//! The link to the master: connects, asks for the data, applies the replication stream.
//!
//! | file | what it is |
//! |---|---|
//! | `link` | the connection to the master, made again whenever it ends |
//! | `follow` | one connection, from the first PING to its end |
//! | `follower` | what the link keeps from one connection to the next |
//! | `master_info` | what the master reports of itself |
//! | `wire` | the socket: bytes in, acks out, time-outs |
//! | `target` | which master it is to follow |
//! | `transfer` | a full resync: the payload is received, loaded, and caught up with |
//! | `loading` | a load that is under way |
//! | `catch_up_buffer` | the part of the stream that arrives during the load |
//! | `apply` | applies the stream to the store |
//! | `control` | commands of the stream that change no data |
//! | `fault` | why a link ended, and when to try again |

mod apply;
mod catch_up_buffer;
mod control;
mod fault;
mod follow;
mod follower;
pub(super) mod link;
mod loading;
mod master_info;
mod target;
mod transfer;
mod wire;
