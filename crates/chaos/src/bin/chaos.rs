//! `scripts/chaos`: rounds of random faults until the time is over, or until a rule is broken.

#![allow(clippy::print_stdout, reason = "its output is its report")]
#![allow(clippy::print_stderr, reason = "mistakes in the arguments")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tidegate_chaos::plan::Plan;
use tidegate_chaos::run::{Report, Round};
use tidegate_test_support::Flavor;

const HELP: &str = "\
Runs random writes and reads with random faults through the proxy, over real servers and Sentinels,
and checks what the clients saw: each acknowledged write is in the final data exactly once, no write
runs on a replica or a deposed master, replies come in order and none is another request's.

Usage: scripts/chaos [OPTION ...]
  --seed N        the first round's seed; the next rounds have N+1, N+2 ... (default: from the clock)
  --minutes M     run for about M minutes (default: 5)
  --rounds N      run N rounds instead; a violation names the seed, so: --seed S --rounds 1 --server X
  --server KIND   redis70, redis82 or valkey91 (default: each in turn)
  --seconds S     how long faults go on in a round (default: 25)
  --program FILE  the proxy (default: target/fast/tidegate, which the script builds)
  --keep-going    go on after a violation; the exit status is 1 all the same

A round starts three servers, mostly behind relays that cut, delay, split and silence connections,
often three Sentinels, a proxy and 20 clients: single increments, pipelines, scripts, MULTI and WATCH,
BLPOP, Pub/Sub, RESP2 and RESP3, large values, slow readers, clients that vanish. It makes one fault
after the other, waits until the servers are in order, reads the data and checks. The seed decides the
kind of round, the faults and what the clients send; the machine decides how they meet, so the same
seed may need several runs to show the same violation.

A strict round has wait-replicas = 1 and min-replicas-to-write = 1: it must lose nothing. In the other
rounds a loss is allowed where the promoted replica provably lacked the write; it is counted as
'not replicated'. Writes that the old master runs within 1.5 s after its successor has got a follower
are counted as 'on the old master'.

The exit status is 0 if all rounds are clean, 1 after a violation, 2 for wrong arguments, 101 if the
servers could not be brought into order.";

struct Options {
    seed: u64,
    minutes: f64,
    rounds: Option<u64>,
    flavors: Vec<Flavor>,
    length: Duration,
    program: PathBuf,
    keep_going: bool,
}

fn options() -> Result<Options, String> {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut options = Options {
        seed: clock.map_or(1, |it| it.as_secs() % 1_000_000),
        minutes: 5.0,
        rounds: None,
        flavors: vec![Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91],
        length: Duration::from_secs(25),
        program: PathBuf::from("target/fast/tidegate"),
        keep_going: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--keep-going" {
            options.keep_going = true;
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let wrong = || format!("{word} {value}: not a number");
        match word.as_str() {
            "--seed" => options.seed = value.parse().map_err(|_| wrong())?,
            "--minutes" => options.minutes = value.parse().map_err(|_| wrong())?,
            "--rounds" => options.rounds = Some(value.parse().map_err(|_| wrong())?),
            "--seconds" => {
                options.length = Duration::from_secs(value.parse().map_err(|_| wrong())?);
            }
            "--program" => options.program = PathBuf::from(&value),
            "--server" => {
                options.flavors = vec![match value.as_str() {
                    "redis70" => Flavor::Redis70,
                    "redis82" => Flavor::Redis82,
                    "valkey91" => Flavor::Valkey91,
                    _ => return Err(format!("no server {value}: redis70, redis82 or valkey91")),
                }];
            }
            _ => return Err(format!("no option {word}; see --help")),
        }
    }
    let program = options.program.canonicalize();
    options.program = program.map_err(|error| format!("{}: {error}", options.program.display()))?;
    Ok(options)
}

fn main() -> ExitCode {
    if std::env::args().any(|word| word == "--help" || word == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let options = match options() {
        Ok(options) => options,
        Err(why) => {
            eprintln!("chaos: {why}");
            return ExitCode::from(2);
        }
    };
    let started = Instant::now();
    let limit = Duration::from_secs_f64(options.minutes * 60.0);
    let (mut rounds, mut broken) = (0, Vec::new());
    let goes_on = |rounds| match options.rounds {
        Some(wanted) => rounds < wanted,
        None => started.elapsed() < limit,
    };
    for flavor in options.flavors.iter().copied().cycle() {
        if !goes_on(rounds) {
            break;
        }
        let seed = options.seed + rounds;
        let round = Round::random(Plan::new(&options.program, flavor, seed), options.length);
        println!("round {}: {}", rounds + 1, round.name());
        let report = round.run(&mut |line| println!("  {line}"));
        show(&report);
        rounds += 1;
        if !report.verdict.violations.is_empty() {
            broken.push(seed);
            if !options.keep_going {
                break;
            }
        }
    }
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    println!("chaos: {rounds} rounds in {minutes:.1} minutes, seeds with violations: {broken:?}");
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// The most violations that are printed of one round.
const SHOWN: usize = 12;

fn show(report: &Report) {
    let verdict = &report.verdict;
    let errors: Vec<_> = verdict
        .errors
        .iter()
        .map(|((kind, code), count)| format!("{kind} {count} {code}"))
        .collect();
    println!(
        "  {} requests, {} writes acknowledged; lost: {} not replicated, {} on the old master; \
         run twice: {}; messages: {} received, {} missed; discovery: {}",
        report.history.operations.len(),
        verdict.acknowledged,
        verdict.lost_unreplicated,
        verdict.lost_deposed,
        verdict.twice,
        report.history.receptions.len(),
        verdict.missed_messages,
        if report.discovers { "sentinel" } else { "static" },
    );
    println!(
        "  without success: {}",
        if errors.is_empty() { "none".into() } else { errors.join(", ") }
    );
    for violation in verdict.violations.iter().take(SHOWN) {
        println!("  VIOLATION {violation}");
    }
    if verdict.violations.len() > SHOWN {
        println!("  ... {} violations in all", verdict.violations.len());
    }
    if let Some(logs) = &report.logs {
        println!("  logs: {}", logs.display());
    }
}
