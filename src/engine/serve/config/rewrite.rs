//! CONFIG REWRITE: writes the changed keys of `[replica]` into `proxy.toml`. Its comments, its
//! order and everything else stay.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;
use toml_edit::{DocumentMut, Item, Table, Value};

use crate::config::{Config, ConfigError};
use crate::engine::Engine;

/// Why the file could not be rewritten.
#[derive(Debug, thiserror::Error)]
pub(super) enum RewriteError {
    /// There is no file.
    #[error("there is no configuration file")]
    NoFile,
    /// The file is no valid configuration, or would not be one afterwards.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The file could be read and not parsed.
    #[error("{0}")]
    Form(String),
    /// The file system refuses to write the file.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Writes the keys that differ from the file.
pub(super) fn rewrite(engine: &Engine) -> Result<(), RewriteError> {
    let path = engine.config_file.as_deref().ok_or(RewriteError::NoFile)?;
    // The file that a link names is replaced, not the link.
    let path = fs::canonicalize(path)?;
    let text = Config::text(&path)?;
    let new = rewritten(&text, &engine.config.load())?;
    if new != text {
        replace(&path, &new)?;
    }
    Ok(())
}

/// Returns `text` with the keys of `[replica]` as they are in `config`.
fn rewritten(text: &str, config: &Config) -> Result<String, RewriteError> {
    let file = Config::parse(text, "proxy.toml")?;
    let changed = file.replica_edits(config);
    if changed.is_empty() {
        return Ok(text.to_owned());
    }
    let form = |error: toml_edit::TomlError| RewriteError::Form(error.to_string());
    let mut document: DocumentMut = text.parse().map_err(form)?;
    let section = document.entry("replica").or_insert_with(|| Item::Table(Table::new()));
    let section = section.as_table_like_mut();
    let section = section.ok_or_else(|| RewriteError::Form("[replica] is no table".into()))?;
    for change in changed {
        let value: Value = change.value.parse().map_err(form)?;
        // The name that the file uses may be an older one.
        let used = change.names.iter().find(|name| section.contains_key(name));
        let name = used.or_else(|| change.names.first()).copied().unwrap_or_default();
        match section.get_mut(name).and_then(Item::as_value_mut) {
            Some(old) => {
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            None => {
                section.insert(name, Item::Value(value));
            }
        }
    }
    let new = document.to_string();
    Config::parse(&new, "proxy.toml")?;
    Ok(new)
}

/// Replaces the file at `path` by `text` in one step: a reader finds the old file or the new one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let dir = path.parent().unwrap_or_else(|| Path::new("."));
    let permissions = fs::metadata(path)?.permissions();
    let mut file = NamedTempFile::new_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    fs::File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# mine\n[topology]\nmaster = \"127.0.0.1:1\" # here\n\n[replica]\n\
        enabled = true\nslave-priority = 10 # low\n# the end\n[reads]\nlocal = true\n";

    #[test]
    fn comments_order_and_old_names_stay() {
        let mut config = Config::parse(FILE, "").unwrap();
        assert_eq!(rewritten(FILE, &config).unwrap(), FILE);
        config.replica.replica_priority = 7;
        config.replica.replicaof =
            crate::config::ReplicaOf::Server("10.0.0.1:6379".parse().unwrap());
        config.replica.requirepass = crate::config::Secret::new("se\"cret");
        config.renew_engine_users();
        let new = rewritten(FILE, &config).unwrap();
        assert_eq!(Config::parse(&new, "").unwrap(), config);
        for line in ["# mine", "master = \"127.0.0.1:1\" # here", "slave-priority = 7 # low"] {
            assert!(new.lines().any(|it| it == line), "{line} in\n{new}");
        }
        assert!(new.find("[replica]") < new.find("[reads]"));
    }

    #[test]
    fn a_file_without_the_section_gets_one() {
        let text = "[topology]\nmaster = \"127.0.0.1:1\"\n";
        let mut config = Config::parse(text, "").unwrap();
        config.replica.replica_read_only = false;
        let new = rewritten(text, &config).unwrap();
        assert!(new.starts_with(text) && new.ends_with("[replica]\nreplica-read-only = false\n"));
    }
}
