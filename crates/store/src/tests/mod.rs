//! Unit tests that need several layers.

mod budget;
mod distinct;
mod effects;
mod former;
mod snapshot_view;
mod waiting;
mod warm;
