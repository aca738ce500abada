//! The Debian package: what `Cargo.toml` puts into it exists, and its scripts are shell.

use std::process::Command;

use crate::{agrees, path, read};

/// The assets: source, place, mode.
fn assets() -> Vec<[String; 3]> {
    let manifest: toml::Value = toml::from_str(&read("Cargo.toml")).unwrap();
    let assets = manifest["package"]["metadata"]["deb"]["assets"].as_array().unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    assets.iter().map(|asset| [0, 1, 2].map(|at| text(&asset[at]))).collect()
}

#[test]
fn what_is_packed_exists_or_is_made() {
    let script = read("scripts/package");
    for [source, place, mode] in assets() {
        match source.strip_prefix("target/package/") {
            Some(made) => {
                let made = made.trim_end_matches("/*");
                assert!(script.contains(&format!("\"$out/{made}\"")), "scripts/package: {made}");
            }
            None if source.contains('*') => {
                assert!(
                    path(source.trim_end_matches(|c| c != '/' && c != '-')).exists()
                        || source == "LICENSE-*",
                    "{source}"
                );
            }
            None => assert!(path(&source).is_file(), "{source}"),
        }
        let is_program = place == "usr/bin/";
        // The configuration has passwords.
        let wanted = match place.as_str() {
            "usr/bin/" => "755",
            "etc/tidegate/" => "640",
            _ => "644",
        };
        assert_eq!(mode, wanted, "{source}");
        assert!(is_program || !source.ends_with("/tidegate") || place.contains("completions"));
    }
}

#[test]
fn the_units_and_the_configuration_are_where_they_look_for_each_other() {
    let places: Vec<_> = assets().into_iter().map(|[source, place, _]| (source, place)).collect();
    let place = |name: &str| places.iter().find(|it| it.0 == name).unwrap().1.clone();
    let unit = read("deploy/systemd/tidegate.service");
    let program = place("target/package/tidegate");
    let config = place("proxy.toml");
    assert!(unit.contains(&format!("ExecStart=/{program}tidegate --config /{config}proxy.toml")));
    assert!(read("Cargo.toml").contains(&format!("conf-files = [\"/{config}proxy.toml\"]")));
}

/// With musl-gcc as the linker the program asked for musl's loader, and crashed without it.
#[test]
fn musl_gcc_compiles_and_does_not_link() {
    let script = read("scripts/package");
    assert!(script.contains("=musl-gcc") && !script.contains("_LINKER"), "{script}");
    assert!(script.contains("grep -q INTERP"), "and the result is checked");
}

#[test]
fn the_scripts_are_shell() {
    for name in ["postinst", "prerm", "postrm"] {
        agrees(Command::new("sh").args(["-n", &format!("deploy/debian/{name}")]));
    }
    agrees(Command::new("bash").args(["-n", "scripts/package"]));
}
