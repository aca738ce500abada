//! `proxy.toml`: parse, validate, diff.
//!
//! A section is a file here, and a key is one declaration in it (see `section.rs`): field,
//! default, kind of value, and whether a reload suffices. What relates keys to each other stands
//! in `rules.rs`. Reading a file tells *every* mistake in it, each with its line, its value and
//! what is accepted; there is no configuration short of a whole, valid one.
//!
//! No sockets, no tasks; names are not resolved here. Secrets are shown nowhere.

mod admin;
mod change;
mod given;
mod kind;
mod log;
mod metrics;
mod mistake;
mod nearest;
mod proxy;
mod reads;
mod replica;
mod report;
mod rules;
mod section;
mod source;
mod topology;
mod warnings;
mod writes;

pub use admin::{Admin, AdminCommands};
pub use change::{Applies, Change, diff};
pub use given::check_whole;
pub use kind::OutputClass;
pub use log::{Log, LogFormat};
pub use metrics::{Metrics, Ready};
pub use mistake::{ConfigError, Mistake, Problem};
pub use proxy::{Proxy, Workers};
pub use reads::{Reads, TouchMaster};
pub use replica::{Replica, ReplicaOf};
pub use section::Key;
pub use topology::{Discovery, TopologyConfig};
pub use warnings::{Lines, Warning};
pub use writes::{OnClosed, Writes};

pub use crate::routing::{Balance, OnStale};
pub use crate::session::ReadFrom;
pub use tidegate_wire::units::{HostPort, HostPortError, Secret};

use std::fs::File;
use std::io::Read;
use std::path::Path;

use toml::de::DeTable;

use report::Report;
use section::{Edit, Section};
use source::Source;

/// The longest file that is read, in bytes. The shipped one has a fiftieth of it.
const MAX_FILE: usize = 256 << 10;

/// The stack for parsing, in bytes of address space; see [`on_large_stack`].
const STACK: usize = 64 << 20;

/// How many errors of syntax are told of one file.
const MAX_SYNTAX: usize = 20;

/// Declares the file: its sections in their order.
macro_rules! file {
    ($($(#[$doc:meta])* $field:ident: $Section:ty,)*) => {
        /// A whole, valid `proxy.toml`. The default is the file that says nothing.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Config {
            $($(#[$doc])* pub $field: $Section,)*
        }

        impl Config {
            /// Every key there is, in the order of the file.
            pub fn keys() -> Vec<Key> {
                [$(<$Section>::keys()),*].concat()
            }

            fn read<'a>(file: &'a DeTable<'a>, report: &mut Report<'a>) -> Self {
                let mut config = Self::default();
                $(
                    if let Some(table) = table(<$Section>::NAME, file, report) {
                        config.$field = Section::read(table, report);
                    }
                )*
                config
            }

            fn diff(&self, new: &Self) -> Vec<Change> {
                let mut changes = Vec::new();
                $(self.$field.diff(&new.$field, &mut changes);)*
                changes
            }
        }
    };
}

file! {
    /// The side that faces the clients.
    proxy: Proxy,
    /// The servers behind the proxy.
    topology: TopologyConfig,
    /// Who serves reads.
    reads: Reads,
    /// When writes are let through.
    writes: Writes,
    /// The engine: this process as a replica.
    replica: Replica,
    /// Administrative commands.
    admin: Admin,
    /// The metrics endpoint.
    metrics: Metrics,
    /// The log.
    log: Log,
}

impl Config {
    /// Reads the file at `path`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(&Self::text(path)?, &path.display().to_string())
    }

    /// What stands in the file at `path`, right or wrong.
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

    /// Reads `text`; `origin` is what mistakes call it, usually the file's name.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ConfigError> {
        if text.len() > MAX_FILE {
            return Err(too_long(origin));
        }
        let judged = on_large_stack(|| Self::judge(text))
            .map_err(|error| ConfigError::unreadable(origin, format!("not parsed: {error}")))?;
        judged.map_err(|mistakes| ConfigError::new(origin, mistakes))
    }

    /// User and password that the engine logs in with, to its master: its own, or those of
    /// `[topology]` if it has none. An empty user is the default one, an empty password no login.
    pub fn replica_login(&self) -> (&str, &Secret) {
        let (own, topology) = (&self.replica, &self.topology);
        if own.masterauth.is_empty() {
            (&topology.masteruser, &topology.masterauth)
        } else {
            (&own.masteruser, &own.masterauth)
        }
    }

    /// The password of the engine's own port: its own, or that of `[proxy]` if it has none. Empty is
    /// no password.
    #[must_use]
    pub fn replica_password(&self) -> &Secret {
        let own = &self.replica.requirepass;
        if own.is_empty() { &self.proxy.requirepass } else { own }
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
        let judged = on_large_stack(|| self.judge_replica(&text, keys))
            .map_err(|error| ConfigError::unreadable("", format!("not parsed: {error}")))?;
        judged.map_err(|mistakes| ConfigError::new("", mistakes))
    }

    fn judge_replica(
        &self,
        text: &str,
        keys: &[(&'static str, String)],
    ) -> Result<Self, Vec<Mistake>> {
        let source = Source::new(text);
        let mut report = Report::new(&source);
        let (file, errors) = DeTable::parse_recoverable(text);
        for error in errors.iter().take(MAX_SYNTAX) {
            let message = error.message().to_owned();
            report.add(0, Problem::Syntax { column: 1, message });
        }
        let mut config = self.clone();
        let read = Self::read(file.get_ref(), &mut report).replica;
        for (name, _) in keys {
            config.replica.adopt(name, &read);
        }
        rules::check(&config, &mut report);
        let mistakes = report.into_mistakes();
        if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
    }

    /// What `[replica]` of the file that this was read from has to say instead, to mean `new`.
    pub(crate) fn replica_edits(&self, new: &Self) -> Vec<Edit> {
        self.replica.edits(&new.replica)
    }

    fn judge(text: &str) -> Result<Self, Vec<Mistake>> {
        let source = Source::new(text);
        let mut report = Report::new(&source);
        let (file, errors) = DeTable::parse_recoverable(text);
        for error in errors.iter().take(MAX_SYNTAX) {
            let at = error.span().map_or(0, |span| span.start);
            let message = error.message().to_owned();
            report.add(at, Problem::Syntax { column: source.column(at), message });
        }
        // What the parser makes of broken text is a guess; its values are judged only where the
        // worst is a key given twice.
        let mut config = Self::default();
        if errors.iter().all(|error| error.message() == "duplicate key") {
            unknown(file.get_ref(), &mut report);
            config = Self::read(file.get_ref(), &mut report);
            rules::check(&config, &mut report);
        }
        let mistakes = report.into_mistakes();
        if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
    }
}

/// Does `work` on a stack that no file can overflow. The TOML parser bounds inline tables and
/// dotted keys to 80 each, but not the one within the other: 6400 levels are 4 MB and more.
fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("config".to_owned()).stack_size(STACK);
        let panicked = |_| std::io::Error::other("the parser failed");
        thread.spawn_scoped(scope, work)?.join().map_err(panicked)
    })
}

fn too_long(origin: &str) -> ConfigError {
    ConfigError::unreadable(origin, format!("is longer than {MAX_FILE} bytes"))
}

/// The section called `name`, if the file has it.
fn table<'a>(
    name: &str,
    file: &'a DeTable<'a>,
    report: &mut Report<'a>,
) -> Option<&'a DeTable<'a>> {
    let (key, raw) = file.get_key_value(name)?;
    let table = raw.get_ref().as_table();
    if table.is_none() {
        report.no_section(key, raw);
    }
    table
}

/// Notes every section and key that does not exist.
fn unknown(file: &DeTable<'_>, report: &mut Report<'_>) {
    let keys = Config::keys();
    for (section, raw) in file {
        let name = section.get_ref().as_ref();
        if !keys.iter().any(|key| key.section == name) {
            let nearest = nearest::section(name, &keys)
                .inspect(|section| report.meant(section))
                .map(|section| format!("[{section}]"))
                .or_else(|| nearest::orphan(name, &keys).map(Key::path));
            let section_name = source::one_line(name);
            let problem = Problem::UnknownSection { section: section_name, nearest };
            report.add(section.span().start, problem);
            continue;
        }
        for (key, _) in raw.get_ref().as_table().into_iter().flatten() {
            if !keys.iter().any(|k| k.section == name && k.is_called(key.get_ref())) {
                let meant = nearest::key(name, key.get_ref(), &keys);
                let nearest = meant.map(|meant| {
                    report.meant(&meant.path());
                    if meant.section == name { meant.name.to_owned() } else { meant.path() }
                });
                let key_path = format!("{name}.{}", source::one_line(key.get_ref()));
                let problem = Problem::UnknownKey { key: key_path, nearest };
                report.add(key.span().start, problem);
            }
        }
    }
}
