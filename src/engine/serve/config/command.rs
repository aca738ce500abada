//! CONFIG: reads, changes and rewrites the configuration.

use std::sync::Arc;

use super::{keys, rewrite, value};
use crate::config::Config;
use crate::engine::serve::call::Call;
use tidegate_wire::glob;
use tidegate_wire::resp::encode;

/// The key of redis.conf that has the limits of all classes of clients.
const OUTPUT_LIMIT: &str = "client-output-buffer-limit";

/// Runs CONFIG.
pub(in crate::engine::serve) fn config(call: &mut Call<'_, '_>) {
    match call.command.name {
        "config|get" => get(call),
        "config|set" => set(call),
        "config|rewrite" => match rewrite::rewrite(&call.engine()) {
            Ok(()) => call.ok(),
            Err(error) => {
                tracing::error!("CONFIG REWRITE: {error}");
                call.error(&format!("ERR Rewriting config file: {error}"));
            }
        },
        "config|resetstat" => {
            let applied = call.engine().link_info().counts.commands_applied;
            call.client.context.stats.reset(applied);
            call.ok();
        }
        _ => call.strings(&[
            "CONFIG GET pattern ...",
            "CONFIG SET key value ...",
            "CONFIG REWRITE",
            "CONFIG RESETSTAT",
        ]),
    }
}

fn get(call: &mut Call<'_, '_>) {
    let patterns: Vec<_> = call.args.iter().skip(2).map(|it| it.to_ascii_lowercase()).collect();
    let mut found = keys::all(&call.engine(), &call.config());
    found.retain(|(name, _)| patterns.iter().any(|it| glob::matches(it, name.as_bytes())));
    let version = call.version();
    let out = call.out();
    encode::map(out, version, found.len());
    for (name, value) in found {
        encode::bulk(out, name.as_bytes());
        encode::bulk(out, value.as_bytes());
    }
}

fn set(call: &mut Call<'_, '_>) {
    match changed(call) {
        Err(error) => call.error(&error),
        Ok(keys) => {
            let engine = call.engine();
            // The file may have been read again since: the change is made to the configuration in
            // force.
            let mut outcome = Ok(());
            engine.config.rcu(|config| match config.with_replica(&keys) {
                Ok(new) => Arc::new(new),
                Err(error) => {
                    outcome = Err(error);
                    Arc::clone(config)
                }
            });
            match outcome {
                Ok(()) => {
                    for (name, _) in &keys {
                        tracing::info!(key = %name, "CONFIG SET");
                    }
                    take_effect(call);
                    call.ok();
                }
                Err(error) => {
                    let name = keys.first().map_or("", |(name, _)| name);
                    call.error(&failed(name, &error.to_string()));
                }
            }
        }
    }
}

/// Returns the keys and their values in TOML, if each of them may be set.
fn changed(call: &Call<'_, '_>) -> Result<Vec<(&'static str, String)>, String> {
    let pairs = call.args.get(2..).unwrap_or_default();
    if !pairs.len().is_multiple_of(2) {
        return Err("ERR syntax error".to_owned());
    }
    let (engine, config) = (call.engine(), call.config());
    let mut keys: Vec<(&'static str, String)> = Vec::new();
    for pair in pairs.chunks_exact(2) {
        let [name, value] = pair else { continue };
        let mut name = String::from_utf8_lossy(name).to_ascii_lowercase();
        let mut value = *value;
        if name == OUTPUT_LIMIT {
            value = replica_class(value).map_err(|why| failed(&name, why))?;
            name.push_str("-replica");
        }
        let Some(key) = keys::settable(&name) else {
            return Err(if keys::is_fixed(&engine, &config, &name) {
                failed(&name, "can't set immutable config")
            } else {
                format!("ERR Unknown option or number of arguments for CONFIG SET - '{name}'")
            });
        };
        if keys.iter().any(|(other, _)| *other == key.name) {
            return Err(failed(&name, "duplicate parameter"));
        }
        // As in Redis with `enable-protected-configs` off: a client of the port does not choose
        // where files are written.
        if matches!(key.name, "dir" | "dbfilename") {
            return Err(failed(&name, "can't set protected config"));
        }
        let value = std::str::from_utf8(value).map_err(|_| failed(&name, "is not UTF-8"))?;
        let toml = value::to_toml(key.form, value).map_err(|why| failed(&name, &why))?;
        // Each key alone shows which of them is wrong.
        let alone = [(key.name, toml.clone())];
        if let Err(error) = Config::default().with_replica(&alone)
            // Another key of this request may satisfy a rule between keys.
            && !error.mistakes().iter().all(is_rule)
        {
            return Err(failed(&name, &format!("argument must be {}", accepted(key.name))));
        }
        keys.push((key.name, toml));
    }
    Ok(keys)
}

/// Returns the limits for replicas, which alone may be changed in this key of all classes.
fn replica_class(value: &[u8]) -> Result<&[u8], &'static str> {
    let at = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
    let (class, limits) = value.split_at(at);
    let is = |word: &str| class.eq_ignore_ascii_case(word.as_bytes());
    if is("replica") || is("slave") {
        return Ok(limits.trim_ascii());
    }
    match is("normal") || is("pubsub") {
        true => Err("can't set immutable config for this class"),
        false => Err("Invalid client class specified in buffer limit configuration."),
    }
}

fn is_rule(mistake: &crate::config::Mistake) -> bool {
    matches!(mistake.problem, crate::config::Problem::Conflict { .. })
}

fn accepted(name: &str) -> String {
    let keys = Config::keys().into_iter();
    let mut own = keys.filter(|key| key.section == "replica" && key.name == name);
    own.next().map_or_else(String::new, |key| key.accepted)
}

fn failed(name: &str, why: &str) -> String {
    format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {why}")
}

/// Applies what is not read from the configuration at each use.
fn take_effect(call: &Call<'_, '_>) {
    let size = call.config().replica.repl_backlog_size;
    let engine = call.engine();
    engine.adopt_appendonly();
    let mut info = engine.link_info();
    if info.source.backlog().size() != size.as_usize() {
        info.source.resize(size);
    }
}
