//! `scripts/failover-trial`: the same failover many times, of one or several programs, as a table
//! and as lines of JSON.

#![allow(clippy::print_stdout, reason = "its output is its report")]
#![allow(clippy::print_stderr, reason = "progress, and mistakes in the arguments")]

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use tidegate_chaos::trials::record::Record;
use tidegate_chaos::trials::scene::Trial;
use tidegate_chaos::trials::{run, table};
use tidegate_test_support::Flavor;

const HELP: &str = "\
Measures failovers under a load of 20 clients: increments, pipelines, MULTI, WATCH, BLPOP, Pub/Sub.

Usage: failover-trial [OPTION ...]
  --program [NAME=]FILE  a proxy; several programs run in turn (default: target/fast/tidegate)
  --trial NAME           one kind of failover; may be repeated (default: all)
  --runs N               runs of each kind and program (default: 20)
  --pause MS             the average rest of a client between two requests (default: 10)
  --server KIND          redis70, redis82 or valkey91 (default: redis70)
  --seed N               the first run's seed (default: 1)
  --json FILE            a line of JSON for each run: acknowledged writes per 50 ms, the longest wait
                         of each client, Sentinels' messages, changes of roles, the proxy's log, all
                         with their times since the start of the run

Kinds: ";

struct Options {
    programs: Vec<(String, PathBuf)>,
    trials: Vec<Trial>,
    runs: u64,
    pause: Duration,
    flavor: Flavor,
    seed: u64,
    json: Option<File>,
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        programs: Vec::new(),
        trials: Vec::new(),
        runs: 20,
        pause: Duration::from_millis(10),
        flavor: Flavor::Redis70,
        seed: 1,
        json: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let wrong = || format!("{word} {value}: not a number");
        match word.as_str() {
            "--program" => options.programs.push(program(&value)?),
            "--trial" => {
                let found = Trial::ALL.into_iter().find(|it| it.word() == value);
                options.trials.push(found.ok_or_else(|| format!("no trial {value}; see --help"))?);
            }
            "--runs" => options.runs = value.parse().map_err(|_| wrong())?,
            "--pause" => options.pause = Duration::from_millis(value.parse().map_err(|_| wrong())?),
            "--seed" => options.seed = value.parse().map_err(|_| wrong())?,
            "--server" => {
                options.flavor = match value.as_str() {
                    "redis70" => Flavor::Redis70,
                    "redis82" => Flavor::Redis82,
                    "valkey91" => Flavor::Valkey91,
                    _ => return Err(format!("no server {value}: redis70, redis82 or valkey91")),
                };
            }
            "--json" => {
                options.json = Some(File::create(&value).map_err(|it| format!("{value}: {it}"))?);
            }
            _ => return Err(format!("no option {word}; see --help")),
        }
    }
    if options.programs.is_empty() {
        options.programs.push(program("target/fast/tidegate")?);
    }
    if options.trials.is_empty() {
        options.trials = Trial::ALL.to_vec();
    }
    Ok(options)
}

/// A path with a name before it, or the name of its file.
fn program(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = match text.split_once('=') {
        Some((name, path)) => (name.to_owned(), path),
        None => {
            let name = Path::new(text).file_name().map(|it| it.to_string_lossy().into_owned());
            (name.unwrap_or_default(), text)
        }
    };
    let path = Path::new(path).canonicalize().map_err(|error| format!("{path}: {error}"))?;
    Ok((name, path))
}

fn main() -> ExitCode {
    if std::env::args().any(|word| word == "--help" || word == "-h") {
        println!("{HELP}{}", Trial::ALL.map(Trial::word).join(", "));
        return ExitCode::SUCCESS;
    }
    let mut options = match options() {
        Ok(options) => options,
        Err(why) => {
            eprintln!("failover-trial: {why}");
            return ExitCode::from(2);
        }
    };
    let mut records = Vec::new();
    for trial in options.trials.clone() {
        for n in 0..options.runs {
            for (name, path) in &options.programs {
                let seed = options.seed + n;
                let pause = options.pause;
                let Some(record) = run(trial, (name, path), options.flavor, seed, pause) else {
                    if n == 0 {
                        eprintln!("{name} has no command for {}", trial.title());
                    }
                    continue;
                };
                progress(&record, n + 1);
                if let Some(file) = &mut options.json
                    && let Err(error) = writeln!(file, "{}", record.json())
                {
                    eprintln!("failover-trial: {error}");
                    return ExitCode::from(2);
                }
                records.push(record);
            }
        }
    }
    println!("{}", table(&records));
    ExitCode::SUCCESS
}

fn progress(record: &Record, n: u64) {
    let broken: Vec<_> =
        record.broken.iter().map(|(rule, count)| format!("{count} {rule}")).collect();
    eprintln!(
        "{} {} run {n}: lost {}, errors {}, longest wait {:.0} ms, after the switch {}; {}",
        record.trial.word(),
        record.program,
        record.lost,
        record.errors.values().sum::<u64>(),
        record.longest_wait() as f64 / 1e3,
        record.resumed_after_switch().map_or_else(|| "–".to_owned(), |it| format!("{it:.0} ms")),
        broken.join(", ")
    );
    for example in &record.examples {
        eprintln!("  {example}");
    }
}
