//! Which backend answers a request: the one place of the read/write split.
//!
//! Takes the policy, the topology and what the command is; gives a backend or the reason why
//! there is none. Never does I/O and never looks at a clock.

mod balance;
pub mod plan;
mod ration;
mod route;
mod target;

pub use balance::{Balance, Balancer};
pub use plan::{Plan, plan};
pub use ration::Ration;
pub use route::{
    Failing, NoRoute, OnStale, Query, ReadPolicy, Reason, Route, admit_write, has_left, may_serve,
    route,
};
pub use target::Target;
