//! What is checked beyond the value of a single key.
//!
//! | file | what it checks |
//! |---|---|
//! | `rules`, `sentinels` | the values of several keys against each other |
//! | `listeners`, `read_rules` | the keys of `[[listener]]` and `[[rule]]` |
//! | `certificates` | the keys of TLS, and the files that they name |
//! | `secrets`, `users` | files of passwords; users and their rules |
//! | `names` | which keys a file gives |
//! | `unknown`, `nearest` | that every section and key exists; which one was probably meant |
//! | `cut_off` | whether a changed file lacks its end |
//! | `warnings`, `warning`, `lines` | what a valid file says that has no effect or may surprise |

pub(super) mod certificates;
mod cut_off;
mod lines;
mod listeners;
mod names;
mod nearest;
mod read_rules;
pub(super) mod rules;
pub(super) mod secrets;
mod sentinels;
pub(super) mod unknown;
mod user_warnings;
pub(super) mod users;
mod warning;
mod warnings;

pub use cut_off::check_whole;
pub use lines::Lines;
pub use warning::Warning;
