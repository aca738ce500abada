//! The clients to which others redirect the invalidations of the keys that they track (`CLIENT
//! TRACKING ON REDIRECT`).

mod redirected;
mod redirection;

pub use redirected::Redirected;
pub use redirection::{Redirection, TargetState};
