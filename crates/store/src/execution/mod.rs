//! Running a command: the function that runs it, and the context that the function gets.
//!
//! | file | what it is |
//! |---|---|
//! | `row` | a row of the table of commands: a name, and the function that runs the command |
//! | `context` | the data, the database, the time and the kind of caller |
//! | `rules` | the rules by which a command packs values |

mod context;
mod row;
mod rules;

pub(crate) use context::{Args, Done, ReadCx, WriteCx};
pub(crate) use row::{Found, Row, Run};
