//! Any text is a configuration or a list of mistakes, each of which can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate::config::Config;

fuzz_target!(|text: &str| {
    match Config::parse(text, "fuzz.toml") {
        Ok(config) => drop(format!("{config:?}")),
        Err(error) => drop(error.to_string()),
    }
});
