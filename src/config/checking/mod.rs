//! What is checked beyond the value of a single key.
//!
//! | file | what it checks |
//! |---|---|
//! | `rules`, `sentinels` | the values of several keys against each other |
//! | `unknown`, `nearest` | that every section and key exists; which one was probably meant |
//! | `cut_off` | whether a changed file lacks its end |
//! | `warnings`, `lines` | what a valid file says that has no effect or may surprise |

mod cut_off;
mod lines;
mod nearest;
pub(super) mod rules;
mod sentinels;
pub(super) mod unknown;
mod warnings;

pub use cut_off::check_whole;
pub use lines::Lines;
pub use warnings::Warning;
