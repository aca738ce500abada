//! The `tidegate` program: reads its arguments and its configuration, then hands over.

#![expect(clippy::print_stderr, reason = "messages for the operator go to standard error")]

mod arguments;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arguments::{Arguments, Command, DEFAULT_FILE, Format, RdbCommand};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser};
use clap_complete::Shell;
use tidegate::config::{self, Config, ConfigError};
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

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| refuse(error));
    match arguments.command {
        Some(Command::Check { file, config, format }) => {
            run_check(&file.or(config).unwrap_or(arguments.config), format)
        }
        Some(Command::Keys { name, markdown }) => run_keys(name.as_deref(), markdown),
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

fn run_keys(name: Option<&str>, markdown: bool) -> ExitCode {
    let Some(keys) = config::reference::named(name) else {
        let name = name.unwrap_or_default();
        eprintln!("tidegate: no key is called {name:?}; tidegate keys prints all");
        return ExitCode::FAILURE;
    };
    let text =
        if markdown { config::reference::markdown(&keys) } else { config::reference::text(&keys) };
    // A reader that closed the pipe needs no more output.
    drop(std::io::stdout().lock().write_all(text.as_bytes()));
    ExitCode::SUCCESS
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
