//! The engine follows real masters: handshakes, full and partial resyncs, cuts, restarts, and what it
//! does with a stream that it cannot follow.

mod bounds;
mod config;
mod copies;
mod cuts;
mod dir;
mod halts;
mod handshake;
mod link;
mod opaque;
mod pulse;
mod replication_wire;
mod restart;
mod resync;
mod stream;
