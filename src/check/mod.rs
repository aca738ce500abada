//! `tidegate check`: reads a configuration, asks its servers once, and prints every finding.

mod answer;
mod finding;
mod findings;
mod listen;
mod rights;
mod sentinels;
mod server;
mod user_rules;

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use serde::Serialize;
use tokio::time::Instant;

use crate::config::{Config, ConfigError, Lines, Mistake};
use crate::engine::check_dir;
use crate::monitor::Monitor;
use crate::topology::Topology;
use finding::{Finding, Level};
use findings::findings;
use listen::Listen;
use server::{Server, servers};

/// Why a check failed.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The file has mistakes.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Servers, or the directory of the engine, are missing or wrong; each problem was printed.
    #[error("{0} {noun} found", noun = if *.0 == 1 { "problem" } else { "problems" })]
    Problems(usize),
    /// The check could not run, or could not print its result.
    #[error("the check failed: {0}")]
    Io(#[from] io::Error),
}

/// The format of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Text: a table of the servers, then a line for each finding.
    #[default]
    Text,
    /// One JSON object, also if the file has mistakes.
    Json,
}

/// Checks the configuration at `path` and prints every finding to `out`.
///
/// # Errors
/// [`CheckError`], unless there is a master and every server of the file belongs to it.
pub fn check(path: &Path, format: Format, out: &mut impl Write) -> Result<(), CheckError> {
    let origin = path.display().to_string();
    let text = Config::text(path);
    let parsed = text.as_ref().map_err(Clone::clone).and_then(|it| Config::parse(it, &origin));
    let config = match parsed {
        Ok(config) => config,
        Err(error) => {
            if format == Format::Json {
                write_json(&Document::of_mistakes(&origin, &error), out)?;
            }
            return Err(error.into());
        }
    };
    let lines = text.map_or_else(|_| Lines::default(), |text| Lines::in_text(&text));
    let document = examine(origin, config, &lines)?;
    match format {
        Format::Json => write_json(&document, out)?,
        Format::Text => write_text(&document, out)?,
    }
    match document.problems() {
        0 => Ok(()),
        problems => Err(CheckError::Problems(problems)),
    }
}

/// The result of a check, as `--format json` prints it. `docs/check.md` documents the names.
#[derive(Debug, Serialize)]
struct Document {
    ok: bool,
    file: String,
    /// The addresses to listen on; `None` if the file has mistakes.
    listen: Option<Listen>,
    servers: Vec<Server>,
    findings: Vec<Finding>,
}

impl Document {
    fn of_mistakes(origin: &str, error: &ConfigError) -> Self {
        let finding = |mistake: &Mistake| Finding {
            level: Level::Mistake,
            key: mistake.problem.key().map(Into::into),
            line: (mistake.line > 0).then_some(mistake.line),
            text: mistake.problem.to_string(),
        };
        Self {
            ok: false,
            file: origin.to_owned(),
            listen: None,
            servers: Vec::new(),
            findings: error.mistakes().iter().map(finding).collect(),
        }
    }

    fn problems(&self) -> usize {
        self.findings.iter().filter(|finding| finding.level == Level::Problem).count()
    }
}

/// The problem that the engine cannot write to its directory, if it cannot.
fn dir(config: &Config) -> Option<Finding> {
    let why = check_dir(&config.replica.dir).err().filter(|_| config.replica.enabled)?;
    Some(Finding { key: Some("replica.dir".into()), ..Finding::problem(why) })
}

/// Asks the servers and checks their answers.
fn examine(origin: String, config: Config, lines: &Lines) -> Result<Document, CheckError> {
    let config = Arc::new(ArcSwap::from_pointee(config));
    let topology = Arc::new(ArcSwap::from_pointee(Topology::default()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (monitor, watched, rights) = runtime.block_on(async {
        let published = (Arc::clone(&config), Arc::clone(&topology));
        let mut monitor = Monitor::new(published.0, published.1, Arc::default(), Instant::now());
        monitor.whole_round().await;
        let (config, topology) = (config.load_full(), topology.load_full());
        let watched = sentinels::unnamed(&config, &topology).await;
        let mut rights = rights::findings(&config, &topology).await;
        rights.extend(user_rules::findings(&config, &topology).await);
        (monitor, watched, rights)
    });
    // The look-up of a name may still run on another thread; its result is not needed.
    runtime.shutdown_background();

    let (config, topology) = (config.load_full(), topology.load_full());
    let answers: Vec<_> = monitor.observations().collect();
    let mut findings = findings(&config, &topology, &answers);
    findings.extend(sentinels::findings(&config, &topology));
    findings.extend(watched);
    findings.extend(rights);
    let mut warnings = config.warnings();
    warnings.extend(config.warnings_of_servers(&topology, answers.iter().copied()));
    findings.extend(warnings.iter().map(|warning| Finding {
        level: Level::Warning,
        key: Some(warning.key.clone()),
        line: None,
        text: warning.to_string(),
    }));
    findings.extend(listen::taken(&config));
    findings.extend(dir(&config));
    for finding in &mut findings {
        finding.line = finding.key.as_ref().and_then(|key| lines.of(key));
    }
    let mut document = Document {
        ok: false,
        file: origin,
        listen: Some(Listen::of(&config)),
        servers: servers(&topology, &answers),
        findings,
    };
    document.ok = document.problems() == 0;
    Ok(document)
}

fn write_text(document: &Document, out: &mut impl Write) -> io::Result<()> {
    for line in server::table(&document.servers) {
        writeln!(out, "{line}")?;
    }
    for finding in &document.findings {
        writeln!(out, "{}", finding.line(&document.file))?;
    }
    match &document.listen {
        Some(listen) if document.ok => writeln!(out, "OK: {}", listen.line()),
        _ => Ok(()),
    }
}

fn write_json(document: &Document, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
}
