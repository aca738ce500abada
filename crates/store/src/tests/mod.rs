//! Unit tests that need several layers.

mod budget;
mod distinct;
mod former;
mod snapshot_view;
