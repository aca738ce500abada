//! The port of an engine that leads: what concerns all its clients.
//!
//! | file | what it is |
//! |---|---|
//! | `duties` | what a master does from time to time |
//! | `objection` | why it does not run a command now |
//! | `scripts` | the thread of the clients' scripts, and one that runs for long |
//! | `busy` | how the port gets to a script that runs for long, and its end |
//! | `shutdown_run`, `shutting_down` | SHUTDOWN: replicas are waited for before the process ends |
//! | `failover_run`, `failing_over` | FAILOVER: a master hands its role over |

pub(super) mod busy;
mod duties;
pub(super) mod failing_over;
pub(super) mod failover_run;
mod objection;
pub(super) mod scripts;
pub(super) mod shutdown_run;
mod shutting_down;
