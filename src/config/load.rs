//! From a file, or a text, to a [`Config`].

use std::fs::File;
use std::io::Read;
use std::path::Path;

use toml::de::DeTable;

use super::checking::{certificates, rules, secrets, unknown, users};
use super::mistakes::{ConfigError, Mistake, Problem, Report, Source};
use super::model::Config;
use super::model::section::Section;
use super::parser_stack::on_large_stack;

/// The longest file that is read, in bytes: fifty times the shipped one.
const MAX_FILE: usize = 256 << 10;

/// How many errors of syntax are reported of one file.
const MAX_SYNTAX: usize = 20;

impl Config {
    /// Reads the file at `path`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(&Self::text(path)?, &path.display().to_string())
    }

    /// The text of the file at `path`, valid or not.
    pub fn text(path: &Path) -> Result<String, ConfigError> {
        let origin = path.display().to_string();
        let unreadable = |error: std::io::Error| {
            ConfigError::unreadable(&origin, format!("cannot be read: {error}"))
        };
        let mut bytes = Vec::new();
        let bound = MAX_FILE as u64 + 1;
        File::open(path)
            .and_then(|file| file.take(bound).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        if bytes.len() > MAX_FILE {
            return Err(too_long(&origin));
        }
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            ConfigError::unreadable(&origin, format!("is not UTF-8 text: byte {at}"))
        })
    }

    /// Reads `text`. Mistakes name `origin` as their place, usually the file's path.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ConfigError> {
        if text.len() > MAX_FILE {
            return Err(too_long(origin));
        }
        let judged = on_large_stack(|| judge(text))
            .map_err(|error| ConfigError::unreadable(origin, format!("not parsed: {error}")))?;
        judged.map_err(|mistakes| ConfigError::new(origin, mistakes))
    }

    /// This configuration with other values for keys of `[replica]`: their names, and the values
    /// in TOML.
    pub(crate) fn with_replica(
        &self,
        keys: &[(&'static str, String)],
    ) -> Result<Self, ConfigError> {
        let mut text = "[replica]\n".to_owned();
        for (name, value) in keys {
            text.push_str(&format!("{name} = {value}\n"));
        }
        let judged = on_large_stack(|| judge_replica(self, &text, keys))
            .map_err(|error| ConfigError::unreadable("", format!("not parsed: {error}")))?;
        judged.map_err(|mistakes| ConfigError::new("", mistakes))
    }
}

/// The configuration that `text` says, or every mistake in it.
fn judge(text: &str) -> Result<Config, Vec<Mistake>> {
    let source = Source::new(text);
    let mut report = Report::new(&source);
    let (file, errors) = DeTable::parse_recoverable(text);
    for error in errors.iter().take(MAX_SYNTAX) {
        let at = error.span().map_or(0, |span| span.start);
        let message = error.message().to_owned();
        report.add(at, Problem::Syntax { column: source.column(at), message });
    }
    // After a syntax error the parser guesses, so values are checked only if the only errors are
    // keys that are given twice.
    let mut config = Config::default();
    if errors.iter().all(|error| error.message() == "duplicate key") {
        unknown::check(file.get_ref(), &mut report);
        config = Config::read(file.get_ref(), &mut report);
        secrets::load(&mut config, &mut report);
        rules::check(&config, &mut report);
        config.protect_embedded_servers();
        if report.count() == 0 {
            config.certificates = certificates::load(&config, &mut report);
            config.accounts = users::load(&config, &mut report);
        }
    }
    let mistakes = report.into_mistakes();
    if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
}

/// `config` with the values that `text` gives to `keys` of `[replica]`.
fn judge_replica(
    config: &Config,
    text: &str,
    keys: &[(&'static str, String)],
) -> Result<Config, Vec<Mistake>> {
    let source = Source::new(text);
    let mut report = Report::new(&source);
    let (file, errors) = DeTable::parse_recoverable(text);
    for error in errors.iter().take(MAX_SYNTAX) {
        let message = error.message().to_owned();
        report.add(0, Problem::Syntax { column: 1, message });
    }
    let before = config.replica.tls_replication;
    let mut config = config.clone();
    let read = Config::read(file.get_ref(), &mut report).replica;
    for (name, _) in keys {
        config.replica.adopt(name, &read);
    }
    rules::check(&config, &mut report);
    config.renew_engine_users();
    if config.replica.tls_replication != before {
        config.certificates = certificates::load(&config, &mut report);
    }
    let mistakes = report.into_mistakes();
    if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
}

fn too_long(origin: &str) -> ConfigError {
    ConfigError::unreadable(origin, format!("is longer than {MAX_FILE} bytes"))
}
