//! `tidegate top`: what the operator's page shows, in a terminal. It asks a running proxy for
//! `/status` and `/history` over HTTP.
//!
//! | file | what it is |
//! |---|---|
//! | `source` | asks the proxy for its documents |
//! | `target` | the address of the proxy, from a URL or from `proxy.toml` |
//! | `rows` | the cells of the tables, sorted |
//! | `plain` | plain text, for pipes |
//! | `state` | what the keys change |
//! | `screen` | draws the terminal |
//! | `terminal` | the loop of keys and documents |

mod plain;
mod rows;
mod screen;
mod source;
mod state;
mod target;
mod terminal;

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::time::{MissedTickBehavior, interval};

use source::Source;
pub use source::SourceError;
pub use target::{Target, TargetError};

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

/// Why `tidegate top` ended.
#[derive(Debug, thiserror::Error)]
pub enum TopError {
    /// The proxy cannot be asked.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The terminal or the output fails.
    #[error("the output fails: {0}")]
    Io(#[from] io::Error),
    /// The output is no terminal.
    #[error("the output is no terminal: --once prints a table, --json prints JSON")]
    NoTerminal,
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
