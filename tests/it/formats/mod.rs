//! The crates below `crates/` read and write what real servers do: RDB files, packed values, requests
//! and the replication link.

mod rdb_edits;
mod rdb_files;
mod replication_wire;
mod requests;
