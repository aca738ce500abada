//! What becomes of a request, and which backend answers it: the one place of the read/write split.
//!
//! The policy, a shard of the topology and the command come in; a plan, and a backend or the reason
//! why there is none, come out. The module does no I/O and reads no clock.

mod balance;
pub mod plan;
mod ration;
mod read_policy;
mod route;
pub mod rules;
mod target;

pub use balance::{Balance, Balancer};
pub use plan::{Plan, plan};
pub use ration::Ration;
pub use read_policy::{OnStale, ReadPolicy};
pub use route::{
    Failing, NoRoute, Query, Reason, Route, admit_write, has_left, may_serve, route, stay,
};
pub use target::Target;
