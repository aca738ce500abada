//! `scripts/consistency`: rounds of the history checker until the time is over, or until a level
//! breaks a promise.

#![allow(clippy::print_stdout, reason = "its output is its report")]
#![allow(clippy::print_stderr, reason = "mistakes in the arguments")]

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tidegate_chaos::consistency::judge::level::Level;
use tidegate_chaos::consistency::report::Report;
use tidegate_chaos::consistency::round::Round;
use tidegate_chaos::plan::Plan;
use tidegate_test_support::Flavor;

const HELP: &str = "\
Checks the consistency levels: 51 clients write versions of registers through two proxies and read
them back, while the lag of each replica changes and random faults happen. Each reply is judged as it
arrives: read your writes, monotonic reads, program order within a pipeline, tokens, recency.

Usage: scripts/consistency [OPTION ...]
  --level LEVELS  bounded, session, global or strong; several with commas: the first is that of
                  proxy.toml, and each client takes one of them (default: global)
  --seed N        the first round's seed; the next rounds have N+1, N+2 ... (default: from the clock)
  --operations N  run rounds until so many operations are done (default: 5000000)
  --minutes M     run for about M minutes instead
  --rounds N      run N rounds instead; a violation names the seed, so: --seed S --rounds 1 --server X
  --server KIND   redis70, redis82 or valkey91 (default: each in turn)
  --seconds S     how long faults go on in a round (default: 25)
  --clients N     clients, at least 13 (default: 51)
  --pause MS      the average rest of a client between two pipelines (default: 2)
  --lag MS        the longest delay between master and replica (default: by the seed, up to 500)
  --calm          no faults but lag
  --program FILE  the proxy (default: target/fast/tidegate, which the script builds)
  --json FILE     a line of JSON for each round, and one for all of them
  --keep-going    go on after a violation; the exit status is 1 all the same

The table counts the replies that each rule judged and those that broke it. Where the level makes no
promise, that is all. Where it does, a reply that broke the rule is a violation, unless a failover
provably may have lost the version that it is compared with: replication is asynchronous. A strict
round has wait-replicas = 1 and min-replicas-to-write = 1: no acknowledged write may be lost, and none
is excused.

The seed decides the kind of round, the faults and what the clients send; the machine decides how they
meet, so the same seed may need several runs to show the same violation.

The exit status is 0 without violations, 1 after one, 2 for wrong arguments, 101 if the servers could
not be brought into order.";

struct Options {
    levels: Vec<Level>,
    seed: u64,
    end: End,
    flavors: Vec<Flavor>,
    length: Duration,
    clients: usize,
    pause: Option<Duration>,
    lag: Option<Duration>,
    calm: bool,
    program: PathBuf,
    json: Option<File>,
    keep_going: bool,
}

/// When the run is over.
#[derive(Clone, Copy)]
enum End {
    Operations(u64),
    Time(Duration),
    Rounds(u64),
}

fn flavors(value: &str) -> Result<Vec<Flavor>, String> {
    Ok(vec![match value {
        "redis70" => Flavor::Redis70,
        "redis82" => Flavor::Redis82,
        "valkey91" => Flavor::Valkey91,
        _ => return Err(format!("no server {value}: redis70, redis82 or valkey91")),
    }])
}

fn levels(value: &str) -> Result<Vec<Level>, String> {
    let level = |word: &str| Level::of(word).ok_or_else(|| format!("no level {word}; see --help"));
    value.split(',').map(level).collect()
}

fn options() -> Result<Options, String> {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut options = Options {
        levels: vec![Level::Global],
        seed: clock.map_or(1, |it| it.as_secs() % 1_000_000),
        end: End::Operations(5_000_000),
        flavors: vec![Flavor::Redis70, Flavor::Redis82, Flavor::Valkey91],
        length: Duration::from_secs(25),
        clients: 51,
        pause: None,
        lag: None,
        calm: false,
        program: PathBuf::from("target/fast/tidegate"),
        json: None,
        keep_going: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--keep-going" => options.keep_going = true,
            "--calm" => options.calm = true,
            _ => {
                let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
                options.set(&word, &value)?;
            }
        }
    }
    let program = options.program.canonicalize();
    options.program = program.map_err(|error| format!("{}: {error}", options.program.display()))?;
    Ok(options)
}

impl Options {
    fn set(&mut self, word: &str, value: &str) -> Result<(), String> {
        let number = || value.parse::<u64>().map_err(|_| format!("{word} {value}: not a number"));
        let millis = || number().map(Duration::from_millis);
        match word {
            "--level" => self.levels = levels(value)?,
            "--seed" => self.seed = number()?,
            "--operations" => self.end = End::Operations(number()?),
            "--minutes" => {
                let minutes = value.parse::<f64>();
                let minutes = minutes.map_err(|_| format!("{word} {value}: not a number"))?;
                self.end = End::Time(Duration::from_secs_f64(minutes * 60.0));
            }
            "--rounds" => self.end = End::Rounds(number()?),
            "--server" => self.flavors = flavors(value)?,
            "--seconds" => self.length = Duration::from_secs(number()?),
            "--clients" => {
                let clients = usize::try_from(number()?).unwrap_or(usize::MAX);
                let fits = (13..=400).contains(&clients);
                self.clients =
                    if fits { clients } else { return Err("--clients: 13 to 400".into()) };
            }
            "--pause" => self.pause = Some(millis()?),
            "--lag" => self.lag = Some(millis()?),
            "--program" => self.program = PathBuf::from(value),
            "--json" => {
                self.json = Some(File::create(value).map_err(|it| format!("{value}: {it}"))?);
            }
            _ => return Err(format!("no option {word}; see --help")),
        }
        Ok(())
    }

    fn round(&self, flavor: Flavor, seed: u64) -> Round {
        let plan = Plan::new(&self.program, flavor, seed);
        let mut round = Round::random(plan, self.levels.clone(), self.length);
        round.clients = self.clients;
        round.pause = self.pause.unwrap_or(round.pause);
        round.lag = self.lag.unwrap_or(round.lag);
        round.faults = !self.calm;
        round
    }
}

fn main() -> ExitCode {
    if std::env::args().any(|word| word == "--help" || word == "-h") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match options() {
        Ok(options) => run(options),
        Err(why) => {
            eprintln!("consistency: {why}");
            ExitCode::from(2)
        }
    }
}

fn run(mut options: Options) -> ExitCode {
    let (started, mut all, mut broken) = (Instant::now(), Report::default(), Vec::new());
    for flavor in options.flavors.clone().into_iter().cycle() {
        let is_over = match options.end {
            End::Operations(wanted) => all.tally.operations() >= wanted,
            End::Time(limit) => started.elapsed() >= limit,
            End::Rounds(wanted) => all.rounds >= wanted,
        };
        if is_over {
            break;
        }
        let seed = options.seed + all.rounds;
        let round = options.round(flavor, seed);
        println!("round {}: {}", all.rounds + 1, round.name());
        let report = round.run(&mut |line| println!("  {line}"));
        println!("  {}", report.summary());
        show(&report);
        write(&mut options.json, &report.json(&round.name(), seed, &format!("{flavor:?}")));
        let is_broken = report.is_broken();
        all.add(report);
        if is_broken {
            broken.push(seed);
            if !options.keep_going {
                break;
            }
        }
    }
    write(&mut options.json, &all.json("all", options.seed, "all"));
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    println!("\n{}\n\n{}", all.table(), all.summary());
    println!(
        "consistency: {} rounds in {minutes:.1} minutes, first seed {}, seeds with violations: \
         {broken:?}",
        all.rounds, options.seed
    );
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn write(file: &mut Option<File>, line: &str) {
    if let Some(file) = file {
        writeln!(file, "{line}").expect("the file of --json can be written");
    }
}

/// Prints what is wrong.
fn show(report: &Report) {
    for example in &report.examples {
        println!("  VIOLATION {example}");
    }
    for wrong in report.wrong.iter().take(12) {
        println!("  WRONG {wrong}");
    }
    if let Some(logs) = &report.logs {
        report.failovers.iter().for_each(|line| println!("  {line}"));
        println!("{}  logs: {}", report.table(), logs.display());
    }
}
