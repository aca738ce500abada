//! Starts `tidegate top`, and prints where the output is no terminal.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::time::{MissedTickBehavior, interval};

use super::error::TopError;
use super::source::Source;
use super::target::Target;
use super::{plain, terminal};

/// What `tidegate top` prints, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The time between two looks.
    pub interval: Duration,
    /// Whether it prints one look and ends.
    pub once: bool,
    /// Whether it prints the JSON of `/status`, one object per line.
    pub json: bool,
}

/// Shows the proxy at `target` until the operator ends it, or once.
///
/// # Errors
/// [`TopError`]
pub fn run(target: &Target, options: Options, out: &mut impl Write) -> Result<(), TopError> {
    let source = Source::new(target.clone());
    let runtime = runtime()?;
    if options.once || options.json {
        return runtime.block_on(print(&source, options, out));
    }
    if !io::stdout().is_terminal() {
        return Err(TopError::NoTerminal);
    }
    // The first answer comes before the screen changes, so that an error is readable.
    let first = runtime.block_on(source.look())?;
    runtime.block_on(terminal::show(&source, first, options.interval))
}

fn runtime() -> io::Result<LocalRuntime> {
    Builder::new_current_thread().enable_all().build_local(LocalOptions::default())
}

/// Prints documents, one or one per interval.
async fn print(source: &Source, options: Options, out: &mut impl Write) -> Result<(), TopError> {
    let mut looks = interval(options.interval);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if options.json {
            writeln!(out, "{}", source.status_line().await?)?;
        } else {
            out.write_all(plain::text(&source.look().await?.document).as_bytes())?;
        }
        out.flush()?;
        if options.once {
            return Ok(());
        }
    }
}
