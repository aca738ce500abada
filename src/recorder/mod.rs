//! The last ten minutes of the proxy in bounded memory, and its last events.
//!
//! A [`Recorder`] takes a [`Sample`] several times a second. It keeps one point per second of each
//! class and server, and finds the events by comparing two samples. It reads no counter and no
//! clock, so it costs a request nothing and its tests need no time.
//!
//! | file | what it is |
//! |---|---|
//! | `sample` | the counters and states at one moment |
//! | `ring` | the last values of a series, one per second |
//! | `series` | the points of a class and of a server |
//! | `recording` | takes samples, keeps points and events |
//! | `differ` | the events between two samples |
//! | `event` | an event, and the list of the last ones |
//! | `traffic` | rates and percentiles, as `/status` shows them |
//! | `history` | the series, as `/history` shows them |

mod differ;
mod event;
mod history;
mod recording;
mod ring;
mod sample;
mod series;
mod traffic;

pub use event::{Event, EventKind, Level};
pub use history::History;
pub use recording::Recorder;
pub use sample::{Gate, Reloads, Sample, ServerSample};
pub use traffic::Traffic;

/// How many seconds are kept.
pub const SECONDS: usize = 600;

#[cfg(test)]
mod tests;
