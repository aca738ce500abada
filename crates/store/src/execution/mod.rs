//! Running a command: the function that runs it, and the context that the function gets.
//!
//! | file | what it is |
//! |---|---|
//! | `row` | a row of the table of commands: a name, and the function that runs the command |
//! | `context` | the data, the database, the time and the kind of caller |
//! | `recorder` | what a command does at a master beside its reply |
//! | `record` | how a command records that |
//! | `expiring` | how a master removes expired fields, and evicts keys |
//! | `rules` | the rules by which a command packs values |

mod context;
mod expiring;
mod record;
mod recorder;
mod row;
mod rules;

pub(crate) use context::{Args, Done, ReadCx, WriteCx};
pub(crate) use recorder::Recorder;
pub(crate) use row::{Found, Row, Run};
