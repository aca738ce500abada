//! The operator's page: HTML with every table and plot in it, made of the documents at `/status`
//! and `/history`. A script replaces the changing part once a second; without the script the page
//! loads itself again.
//!
//! | file | what it is |
//! |---|---|
//! | `document` | the whole page, its style, script and policy |
//! | `summary` | the first line, what is wrong, the greatest numbers |
//! | `picture`, `layout`, `arrow` | the topology as a picture |
//! | `plot` | small plots of the last ten minutes |
//! | `lag` | the lag of each replica |
//! | `tables` | servers, classes, reads, tasks |
//! | `events` | the last events |

mod arrow;
mod document;
mod events;
mod lag;
mod layout;
mod picture;
mod plot;
mod summary;
mod tables;

pub(super) use document::{fragment, page, policy, read};

#[cfg(test)]
mod tests;
