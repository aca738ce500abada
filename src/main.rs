//! The `tidegate` program: reads its arguments and its configuration, then hands over.

#![expect(clippy::print_stderr, reason = "the program talks to whoever started it")]

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tidegate::config::Config;
use tidegate::{check, proxy, telemetry};

/// Exit code for a configuration that cannot be used (`EX_CONFIG` of sysexits.h).
const EX_CONFIG: u8 = 78;

/// A replication-aware proxy for Redis and Valkey.
///
/// Applications connect to its port as to a server. It sends writes to the master and reads to
/// the replicas. SIGHUP makes it read its configuration again, SIGTERM makes it end once its
/// clients have their replies.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "\
Examples:
  tidegate                          run with ./proxy.toml
  tidegate --config /etc/tide.toml  run with another file
  tidegate check proxy.toml         find mistakes, show the servers found

Exit codes: 0 all is well, 1 could not start or check found a problem, 2 wrong arguments,
78 the configuration has mistakes."
)]
struct Arguments {
    /// The configuration file
    #[arg(short, long, value_name = "FILE", default_value = "proxy.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a configuration: parse it, connect to its servers, print what was found
    Check {
        /// The configuration file
        #[arg(value_name = "FILE", default_value = "proxy.toml")]
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Check { file }) => run_check(&file),
        None => run_proxy(arguments.config),
    }
}

fn run_check(file: &std::path::Path) -> ExitCode {
    let mut out = std::io::stdout().lock();
    let outcome = check::check(file, &mut out);
    // Whoever stopped reading knows enough.
    drop(out.flush());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(check::CheckError::Config(error)) => {
            eprintln!("{error}");
            ExitCode::from(EX_CONFIG)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run_proxy(path: PathBuf) -> ExitCode {
    let config = match Config::load(&path) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(EX_CONFIG);
        }
    };
    let level = telemetry::init_logging(&config.log);
    match proxy::run(config, path, &level) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidegate: {error}");
            ExitCode::FAILURE
        }
    }
}
