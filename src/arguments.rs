//! The arguments of the program.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use tidegate::top::Target;

/// The configuration file if the arguments name none.
pub(crate) const DEFAULT_FILE: &str = "proxy.toml";

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
  tidegate keys reads.max-lag           explain a key of the file
  tidegate top                          watch a running Tidegate
  tidegate rdb check dump.rdb           check a snapshot and show what it contains

Exit codes: 0 ended by a signal, 1 could not start, 2 wrong arguments, 70 a worker panicked too
often, 78 the configuration file cannot be read or has mistakes."
)]
pub(crate) struct Arguments {
    /// The configuration file
    #[arg(short, long, value_name = "FILE", default_value = DEFAULT_FILE)]
    pub(crate) config: PathBuf,
    /// Print the version
    #[arg(short = 'v', short_alias = 'V', long, action = ArgAction::Version)]
    pub(crate) version: Option<bool>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
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
    /// Explain the keys of the configuration file
    ///
    /// Prints what each key means, what it accepts, its default, and when a new value takes effect.
    #[command(after_help = "\
Examples:
  tidegate keys                    all keys
  tidegate keys reads              those of a section
  tidegate keys max-lag            those with this in their name
  tidegate keys --markdown         as the page docs/configuration-reference.md

Exit codes: 0 printed, 1 no key is called so, 2 wrong arguments.")]
    Keys {
        /// A section, a key, or a part of a key's name
        #[arg(value_name = "NAME")]
        name: Option<String>,
        /// Print Markdown
        #[arg(long)]
        markdown: bool,
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
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RdbCommand {
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

/// A number of seconds, as an argument.
fn seconds(text: &str) -> Result<Duration, String> {
    let allowed = |seconds: &f64| (0.1..=3_600.0).contains(seconds);
    match text.parse::<f64>().ok().filter(allowed) {
        Some(seconds) => Ok(Duration::from_secs_f64(seconds)),
        None => Err("not a number of seconds from 0.1 to 3600".to_owned()),
    }
}
