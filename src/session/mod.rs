//! One client's state.

pub mod replies;
