//! The `tidegate` program: reads its arguments and its configuration, then hands over.

#![expect(clippy::print_stderr, reason = "messages for the operator go to standard error")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use tidegate::config::{Config, ConfigError};
use tidegate::proxy::StartError;
use tidegate::rdb_tool::ToolError;
use tidegate::top::{self, Target, TopError};
use tidegate::{check, proxy, rdb_tool, telemetry};

/// jemalloc, as in Redis: its size classes waste little memory, and it reports how much is in use.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Exit code for a configuration that cannot be used (`EX_CONFIG` of sysexits.h).
const EX_CONFIG: u8 = 78;
/// Exit code for a process that cannot continue (`EX_SOFTWARE` of sysexits.h).
const EX_SOFTWARE: u8 = 70;

/// The configuration file if the arguments name none.
const DEFAULT_FILE: &str = "proxy.toml";

/// A replication-aware proxy for Redis and Valkey.
///
/// Applications connect to its port as to a server. It sends writes to the master and reads to
/// the replicas. SIGHUP makes it read its configuration again. SIGTERM and SIGINT end it after its
/// clients have received their replies.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    disable_version_flag = true,
    after_help = "\
Examples:
  tidegate                              run with ./proxy.toml
  tidegate --config /etc/tidegate.toml  run with another file
  tidegate check                        check ./proxy.toml and its servers
  tidegate top                          watch a running Tidegate
  tidegate rdb check dump.rdb           check a snapshot and show what it contains

Exit codes: 0 ended by a signal, 1 could not start, 2 wrong arguments, 70 a worker panicked too
often, 78 the configuration file cannot be read or has mistakes."
)]
struct Arguments {
    /// The configuration file
    #[arg(short, long, value_name = "FILE", default_value = DEFAULT_FILE)]
    config: PathBuf,
    /// Print the version
    #[arg(short = 'v', short_alias = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a configuration file and its servers
    ///
    /// Reads the file, asks each of its servers once, and prints a line per server and per finding.
    /// It serves no client and changes no server, so it may run beside a Tidegate.
    #[command(after_help = "\
Examples:
  tidegate check                      check ./proxy.toml
  tidegate check /etc/tidegate.toml   check another file; --config FILE names it, too
  tidegate check --format json        print one JSON object

Exit codes: 0 no problem, 1 a server or replica.dir is missing or wrong, 2 wrong arguments, 78 the
file cannot be read or has mistakes.")]
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
    /// Watch a running Tidegate in the terminal
    ///
    /// Shows what the page at metrics.listen shows: servers, lag, requests by class, write gate and
    /// events. Keys: q quits, s sorts by the next column, Tab switches to the events, h shows help.
    #[command(after_help = "\
Examples:
  tidegate top                             ask the metrics.listen of ./proxy.toml
  tidegate top --config /etc/tidegate.toml
  tidegate top http://10.0.0.7:6490        ask this address
  tidegate top https://ops:secret@10.0.0.7:6490 --cacert ca.crt
  tidegate top --once                      print one table, for pipes
  tidegate top --once --json | jq .traffic

Exit codes: 0 ended by a key or printed, 1 no Tidegate answers or the output fails, 2 wrong
arguments, 78 the file cannot be read or has mistakes.")]
    Top {
        /// The address of the proxy's pages [default: metrics.listen of the configuration file]
        #[arg(value_name = "URL", value_parser = Target::parse, conflicts_with = "config")]
        url: Option<Target>,
        /// The configuration file, as without `top`
        #[arg(short, long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The authorities of an https:// address, in PEM [default: those that the system trusts]
        #[arg(long, value_name = "FILE")]
        cacert: Option<PathBuf>,
        /// Seconds between two looks, 0.1 to 3600
        #[arg(short, long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
        interval: Duration,
        /// Print one table and end
        #[arg(long)]
        once: bool,
        /// Print /status as JSON, one object per line
        #[arg(long)]
        json: bool,
    },
    /// Check or print an RDB file
    #[command(
        subcommand,
        after_help = "\
Examples:
  tidegate rdb check dump.rdb
  tidegate rdb dump dump.rdb > keys.jsonl

Exit codes: 0 the file is valid, 1 it is not or cannot be read, 2 wrong arguments."
    )]
    Rdb(RdbCommand),
    /// Print the completions of a shell
    ///
    /// The script completes commands, options and file names.
    #[command(after_help = "\
Examples:
  tidegate completions bash > /etc/bash_completion.d/tidegate
  tidegate completions zsh > \"${fpath[1]}/_tidegate\"
  tidegate completions fish > ~/.config/fish/completions/tidegate.fish

Exit codes: 0 printed, 2 wrong arguments.")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual pages into a directory
    #[command(after_help = "\
Examples:
  tidegate man /usr/local/share/man/man1

Exit codes: 0 written, 1 a page cannot be written, 2 wrong arguments.")]
    Man {
        /// The directory; it has to exist
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
}

/// The format in which `check` prints its findings.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum RdbCommand {
    /// Check whether a file is valid, and summarize its content
    ///
    /// Prints the version, the server's notes about itself, databases, functions, modules, keys
    /// by type and encoding with their elements and bytes, and the largest keys. For an invalid
    /// file it prints the same about the part before the fault, then the fault and its place.
    ///
    /// Reads files of Redis 1 to 8.4 and Valkey up to 9.1, and those of later versions as far as the
    /// format has not changed.
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
    /// Members of each line: db, key, type, encoding, value; and expires_at_ms, idle, freq if the
    /// file has them. A value is
    ///   string  a string
    ///   list    an array of strings
    ///   set     an array of strings
    ///   hash    an array of {field, value}, with expires_at_ms if the field expires
    ///   zset    an array of {member, score}; infinite scores are "inf" and "-inf"
    ///   stream  {entries, last_id, ...}; an entry is [id, [[field, value], ...]]
    ///   module  {module, base64}
    /// A string that is not UTF-8 is an object instead: {"base64": "..."}.
    #[command(
        verbatim_doc_comment,
        after_help = "\
Examples:
  tidegate rdb dump dump.rdb | jq -r 'select(.type == \"hash\").key'
  redis-cli --rdb - | tidegate rdb dump - > keys.jsonl

Exit codes: 0 all keys are printed, 1 the file is not valid or cannot be read (the keys before the
fault are printed), 2 wrong arguments."
    )]
    Dump {
        /// The file; - is standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| refuse(error));
    match arguments.command {
        Some(Command::Check { file, config, format }) => {
            run_check(&file.or(config).unwrap_or(arguments.config), format)
        }
        Some(Command::Top { url, config, cacert, interval, once, json }) => {
            let options = top::Options { interval, once, json };
            run_top((url, cacert), &config.unwrap_or(arguments.config), options)
        }
        Some(Command::Rdb(command)) => run_rdb(&command),
        Some(Command::Completions { shell }) => {
            print_completions(shell);
            ExitCode::SUCCESS
        }
        Some(Command::Man { dir }) => write_manual(&dir),
        None => run_proxy(arguments.config),
    }
}

/// Prints the help, the version, or what is wrong with the arguments, and ends the process.
fn refuse(mut error: clap::Error) -> ! {
    // redis-server takes the file as its first argument.
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand)
        && name.contains(['.', '/'])
    {
        let tip = format!("to run with this file: tidegate --config {name}").into();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    error.exit()
}

/// Prints why the configuration file cannot be used, and what to do if there is none.
fn refuse_file(file: &Path, error: &ConfigError) -> ExitCode {
    eprintln!("{error}");
    if file == Path::new(DEFAULT_FILE) && !file.exists() {
        eprintln!(
            "tidegate: name the configuration file with --config FILE; an empty file has every \
             default"
        );
    }
    ExitCode::from(EX_CONFIG)
}

/// Starts the allocator's thread that returns freed memory to the system (redis.conf:
/// `jemalloc-bg-thread`). Without it the allocator does so only at later allocations.
fn return_freed_memory() {
    if let Err(error) = tikv_jemalloc_ctl::background_thread::write(true) {
        tracing::debug!("freed memory returns to the system late: {error}");
    }
}

fn print_completions(shell: Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "tidegate", &mut script);
    // A reader that closed the pipe needs no more output.
    drop(std::io::stdout().lock().write_all(&script));
}

fn write_manual(dir: &Path) -> ExitCode {
    match clap_mangen::generate_to(Arguments::command(), dir) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidegate: {}: {error}", dir.display());
            ExitCode::FAILURE
        }
    }
}

fn run_check(file: &Path, format: Format) -> ExitCode {
    let format = match format {
        Format::Text => check::Format::Text,
        Format::Json => check::Format::Json,
    };
    let mut out = std::io::stdout().lock();
    let outcome = check::check(file, format, &mut out);
    // A reader that closed the pipe needs no more output.
    drop(out.flush());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(check::CheckError::Config(error)) => refuse_file(file, &error),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A number of seconds, as an argument.
fn seconds(text: &str) -> Result<Duration, String> {
    let allowed = |seconds: &f64| (0.1..=3_600.0).contains(seconds);
    match text.parse::<f64>().ok().filter(allowed) {
        Some(seconds) => Ok(Duration::from_secs_f64(seconds)),
        None => Err("not a number of seconds from 0.1 to 3600".to_owned()),
    }
}

fn run_top(
    (url, cacert): (Option<Target>, Option<PathBuf>),
    file: &Path,
    options: top::Options,
) -> ExitCode {
    let target = match url {
        Some(target) => Ok(target),
        None => match Config::load(file) {
            Ok(config) => Target::of(&config),
            Err(error) => return refuse_file(file, &error),
        },
    };
    let outcome = match target {
        Ok(target) => top::run(&target.trusting(cacert), options, &mut std::io::stdout()),
        Err(error) => {
            eprintln!("tidegate: {error}");
            return ExitCode::FAILURE;
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that closed the pipe needs no more output.
        Err(TopError::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("tidegate: {error}");
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
        // A reader that closed the pipe needs no more output.
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
            return refuse_file(&path, &error);
        }
    };
    let level = telemetry::init_logging(&config.log);
    return_freed_memory();
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
