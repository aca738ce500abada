//! What an operator is shown: the documents `/status` and `/history` as types, and how numbers are
//! written for people. The page and `tidegate top` both show exactly these documents.
//!
//! | file | what it is |
//! |---|---|
//! | `document` | the fields of `/status` that are shown |
//! | `series` | the fields of `/history` |
//! | `condition` | a server's state as one word, with its severity |
//! | `words` | rates, times and sizes for people |

mod condition;
mod document;
mod series;
pub mod words;

pub use condition::{Condition, Severity};
pub use document::{
    Class, Clients, Config, Document, Event, Failovers, Gate, Hold, Limits, Reason, Replica,
    Server, ServerTraffic, Task, Traffic,
};
pub use series::{ClassSeries, Series, ServerSeries, peaks};
