//! A closed-loop load generator for anything that speaks RESP2: `load --help`.
//!
//! One thread, one system call to write and one to read per batch, replies counted and checked
//! in the buffer they were read into. It must not be what a benchmark measures, so it prints its
//! own CPU time per reply next to that of the processes it watches.

mod args;
mod client;
mod idle;
mod keyspace;
mod process;
mod replies;
mod report;
mod run;
mod tally;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    match measure(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "load: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what the arguments ask for and prints it; false when a reply was wrong.
fn measure(args: &Args) -> io::Result<bool> {
    // One pass over every ready client between two looks at epoll.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().event_interval(1024).build()?;
    let mut out = io::stdout().lock();
    if let Some(clients) = args.idle {
        let steps = runtime.block_on(idle::hold(args, clients))?;
        let text = if args.json { report::idle_json(&steps) } else { report::idle_text(&steps) };
        writeln!(out, "{text}")?;
        return Ok(true);
    }
    let outcome = runtime.block_on(run::run(args))?;
    let text = if args.json { report::json(&outcome) } else { report::text(&outcome) };
    writeln!(out, "{text}")?;
    Ok(outcome.tally.errors.total() == 0)
}
