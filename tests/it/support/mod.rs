//! What integration tests stand on: real servers, the proxy, a raw wire client, a faulty network.
//!
//! ```ignore
//! let trio = Trio::spawn(Flavor::Redis70);              // master + 2 replicas, in sync
//! let proxy = Tidegate::for_trio(&trio).start();        // the built binary before them
//! let mut wire = Wire::connect(proxy.addr());
//! assert_eq!(wire.cmd(&["SET", "k", "v"]).str(), "OK");
//! eventually(PATIENCE, || ...);
//! ```
//!
//! Every value ends what it started when it is dropped, and nothing else.

#![allow(unused_imports, reason = "short names for all tests, not each in use at all times")]

pub mod local;
pub mod names;
pub mod pair;
pub mod replica_port;
pub mod replicas;
pub mod scrape;
pub mod tidegate;
pub mod topology;

pub use local::Local;
pub use names::Names;
pub use pair::{Both, Pair};
pub use replica_port::ReplicaPort;
pub use replicas::{ReplicaLine, TamperedTrio, wait_read_fresh, wait_serving};
pub use scrape::{Page, Scrape, get, http, settle, status, until_under_way};
pub use tidegate::{ConfigBuilder, Tidegate};
pub use tidegate_test_support::*;
pub use topology::{server, topology};
