//! The rules. Nothing here has a socket or a clock: versions and times go in, findings come out.
//!
//! The checker stores no history. It keeps the highest version of each register that a session, or
//! all clients of a proxy, have learned of, and compares each reply with it.

pub mod excuse;
pub mod level;
pub mod mark;
pub mod registers;
pub mod session;
pub mod tally;
#[cfg(test)]
mod tests;
