//! The `tidegate` program: reads its arguments and its configuration, then hands over.

#![expect(clippy::print_stderr, reason = "the program talks to whoever started it")]

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use tidegate::config::Config;
use tidegate::proxy::StartError;
use tidegate::rdb_tool::ToolError;
use tidegate::{check, proxy, rdb_tool, telemetry};

/// What Redis uses too: size classes that waste little, and it tells how much is in use.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Exit code for a configuration that cannot be used (`EX_CONFIG` of sysexits.h).
const EX_CONFIG: u8 = 78;
/// Exit code for a process that cannot go on (`EX_SOFTWARE` of sysexits.h).
const EX_SOFTWARE: u8 = 70;

/// The configuration file where the arguments name none.
const DEFAULT_FILE: &str = "proxy.toml";

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
  tidegate check                    find mistakes in ./proxy.toml, show the servers found
  tidegate check /etc/tide.toml     the same for another file; --config names it, too
  tidegate check --format json      the same for a program
  tidegate rdb check dump.rdb       what is in a snapshot, and is it valid

Exit codes: 0 all is well, 1 could not start or check found a problem, 2 wrong arguments,
70 a worker panicked time and again, 78 the configuration has mistakes."
)]
struct Arguments {
    /// The configuration file
    #[arg(short, long, value_name = "FILE", default_value = DEFAULT_FILE)]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a configuration: parse it, connect to its servers, print what was found
    Check {
        /// The configuration file [default: the one of --config]
        #[arg(value_name = "FILE", conflicts_with = "config")]
        file: Option<PathBuf>,
        /// The configuration file, as without `check`
        #[arg(short, long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Print text for people, or one JSON object for programs
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Look into an RDB file, as a server saves it
    #[command(subcommand)]
    Rdb(RdbCommand),
}

/// How `check` prints what it found.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum RdbCommand {
    /// Read a file to its end: is it valid, and what is in it
    ///
    /// Prints the version, what the server said about itself, databases, functions, modules, keys
    /// by type and encoding with their elements and bytes, and the largest keys. Of a file that is
    /// not valid it prints what is before the fault, then where and what the fault is.
    ///
    /// Reads files of Redis 1 to 8.4 and Valkey up to 9.1; of later ones what has not changed.
    #[command(after_help = "\
Examples:
  tidegate rdb check dump.rdb
  redis-cli --rdb - | tidegate rdb check -

Exit codes: 0 the file is valid, 1 it is not or cannot be read, 2 wrong arguments.")]
    Check {
        /// The file; - is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the keys of a file as JSON, one per line
    ///
    /// Members of each line: db, key, type, encoding, value; and expires_at_ms, idle, freq where
    /// the file has them. A value is
    ///   string  a string
    ///   list    an array of strings
    ///   set     an array of strings
    ///   hash    an array of {field, value} and, where a field expires, expires_at_ms
    ///   zset    an array of {member, score}; infinite scores are "inf" and "-inf"
    ///   stream  {entries, last_id, ...}, an entry being [id, [[field, value], ...]]
    ///   module  {module, base64}
    /// A string that is not UTF-8 is an object instead: {"base64": "..."}.
    #[command(
        verbatim_doc_comment,
        after_help = "\
Examples:
  tidegate rdb dump dump.rdb | jq -r 'select(.type == \"hash\").key'
  redis-cli --rdb - | tidegate rdb dump - > keys.jsonl

Exit codes: 0 all keys are printed, 1 the file is not valid or cannot be read (the keys before
the fault are printed), 2 wrong arguments."
    )]
    Dump {
        /// The file; - is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Check { file, config, format }) => {
            run_check(&file.or(config).unwrap_or(arguments.config), format)
        }
        Some(Command::Rdb(command)) => run_rdb(&command),
        None => run_proxy(arguments.config),
    }
}

/// Lets the allocator give freed memory back to the system by itself (redis.conf:
/// `jemalloc-bg-thread`); otherwise it does so only as the program goes on to allocate.
fn give_memory_back() {
    if let Err(error) = tikv_jemalloc_ctl::background_thread::write(true) {
        tracing::debug!("freed memory is given back late: {error}");
    }
}

fn run_check(file: &std::path::Path, format: Format) -> ExitCode {
    let format = match format {
        Format::Text => check::Format::Text,
        Format::Json => check::Format::Json,
    };
    let mut out = std::io::stdout().lock();
    let outcome = check::check(file, format, &mut out);
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

fn run_rdb(command: &RdbCommand) -> ExitCode {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let outcome = match command {
        RdbCommand::Check { file } => rdb_tool::check(file, &mut out),
        RdbCommand::Dump { file } => rdb_tool::dump(file, &mut out),
    };
    match outcome.and_then(|()| Ok(out.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever stopped reading knows enough.
        Err(ToolError::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("tidegate: {error}");
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
    give_memory_back();
    match proxy::run(config, path, &level) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ StartError::Worker) => {
            eprintln!("tidegate: {error}");
            ExitCode::from(EX_SOFTWARE)
        }
        Err(error) => {
            eprintln!("tidegate: {error}");
            ExitCode::FAILURE
        }
    }
}
