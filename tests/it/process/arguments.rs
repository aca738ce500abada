//! The program's arguments: help, version, wrong arguments, files that cannot be read. The texts go
//! to the stream, and the exit codes say, what an operator of redis-server or haproxy expects.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs the program in an empty directory.
fn run(args: &[&str]) -> Output {
    run_in(tempfile::tempdir().unwrap().path(), args)
}

fn run_in(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.args(args).current_dir(dir).stdin(Stdio::null()).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Every command's help says what it does, has an example of it, and lists its exit codes.
#[test]
fn every_help_teaches() {
    for (command, purpose, example, codes) in [
        (&[][..], "A replication-aware proxy", "tidegate --config /etc/", &[0, 1, 2, 70, 78][..]),
        (&["check"], "Check a configuration file", "tidegate check /etc/", &[0, 1, 2, 78]),
        (&["rdb"], "Check or print an RDB file", "tidegate rdb check dump.rdb", &[0, 1, 2]),
        (&["rdb", "check"], "Check whether a file is valid", "rdb check dump.rdb", &[0, 1, 2]),
        (&["rdb", "dump"], "Print the keys of a file", "rdb dump dump.rdb", &[0, 1, 2]),
        (&["top"], "Watch a running Tidegate", "tidegate top http://10.0.0.7:6490", &[0, 1, 2, 78]),
        (&["completions"], "Print the completions", "tidegate completions zsh", &[0, 2]),
        (&["man"], "Write the manual pages", "tidegate man /usr/", &[0, 1, 2]),
    ] {
        for flag in ["--help", "-h"] {
            let output = run(&[command, &[flag]].concat());
            let text = out(&output);
            assert_eq!(output.status.code(), Some(0), "{command:?} {flag}");
            assert_eq!(err(&output), "", "{command:?} {flag}");
            assert!(text.starts_with(purpose), "{text}");
            let usage = ["Usage: tidegate", &command.join(" ")].join(" ");
            assert!(text.contains(usage.trim_end()), "{usage}\n{text}");
            let (_, examples) =
                text.split_once("\nExamples:\n").unwrap_or_else(|| panic!("{text}"));
            let (examples, listed) = examples.split_once("\nExit codes: ").unwrap();
            assert!(examples.contains(example), "{text}");
            let listed = listed.replace('\n', " ");
            for code in codes {
                let is_listed = listed.starts_with(&format!("{code} "))
                    || listed.contains(&format!(", {code} "));
                assert!(is_listed, "{code} in {listed}");
            }
        }
    }
}

#[test]
fn the_version_is_one_line() {
    for flag in ["--version", "-V", "-v"] {
        let output = run(&[flag]);
        assert_eq!(output.status.code(), Some(0), "{flag}");
        assert_eq!(out(&output), concat!("tidegate ", env!("CARGO_PKG_VERSION"), "\n"), "{flag}");
        assert_eq!(err(&output), "", "{flag}");
    }
}

#[test]
fn wrong_arguments_are_named_and_exit_with_2() {
    for (args, named) in [
        (&["--port", "6379"][..], "'--port'"),
        (&["-p"], "'-p'"),
        (&["serve"], "'serve'"),
        (&["--config"], "'--config <FILE>'"),
        (&["check", "--fromat", "json"], "'--fromat'"),
        (&["check", "--format", "xml"], "'xml'"),
        (&["check", "a.toml", "b.toml"], "'b.toml'"),
        (&["rdb", "load", "dump.rdb"], "'load'"),
        (&["rdb", "check"], "<FILE>"),
        (&["rdb", "dump"], "<FILE>"),
    ] {
        let output = run(args);
        let text = err(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
        assert_eq!(out(&output), "", "{args:?}");
        assert!(text.starts_with("error: ") && text.contains(named), "{args:?}: {text}");
        assert!(text.contains("try '--help'"), "{args:?}: {text}");
    }
    // Without a command `rdb` does nothing, so it shows its help as an error.
    let output = run(&["rdb"]);
    assert_eq!((output.status.code(), out(&output)), (Some(2), String::new()));
    assert!(err(&output).contains("Usage: tidegate rdb <COMMAND>"), "{output:?}");
}

/// redis-server takes its file without a flag.
#[test]
fn a_file_without_its_flag_gets_a_tip() {
    for file in ["/etc/tidegate.toml", "proxy.toml"] {
        let output = run(&[file]);
        assert_eq!(output.status.code(), Some(2));
        let tip = format!("tip: to run with this file: tidegate --config {file}\n");
        assert!(err(&output).contains(&tip), "{output:?}");
    }
    assert!(!err(&run(&["serve"])).contains("--config"));
}

/// The error is one line with the file and the cause, and the exit code is the same with `check`.
#[test]
fn a_file_that_cannot_be_read_is_named_with_the_cause() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        fs::write(dir.path().join(name), bytes).unwrap();
        name.to_owned()
    };
    fs::create_dir(dir.path().join("folder.toml")).unwrap();
    for (name, cause) in [
        ("missing.toml".to_owned(), "cannot be read: No such file or directory (os error 2)"),
        ("missing/proxy.toml".to_owned(), "cannot be read: No such file or directory (os error 2)"),
        ("folder.toml".to_owned(), "cannot be read: Is a directory (os error 21)"),
        // Not even root can read the beginning of its memory.
        ("/proc/self/mem".to_owned(), "cannot be read: Input/output error (os error 5)"),
        (file("latin.toml", b"# \xe9\n"), "is not UTF-8 text: byte 2"),
        (file("long.toml", &[b'#'; 300_000]), "is longer than 262144 bytes"),
    ] {
        for args in [&["--config", &name][..], &["check", &name]] {
            let output = run_in(dir.path(), args);
            assert_eq!(output.status.code(), Some(78), "{args:?}: {output:?}");
            assert_eq!(out(&output), "", "{args:?}");
            assert_eq!(err(&output), format!("{name}: {cause}\n"), "{args:?}");
        }
        let output = run_in(dir.path(), &["check", "--format", "json", &name]);
        assert_eq!(output.status.code(), Some(78), "{output:?}");
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&document["ok"], &document["file"]), (&false.into(), &name.clone().into()));
        assert_eq!(document["findings"][0]["text"], cause);
    }
    let secret = dir.path().join("secret.toml");
    fs::write(&secret, "").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read any file.
    if fs::read(&secret).is_err() {
        let output = run_in(dir.path(), &["--config", "secret.toml"]);
        let cause = "secret.toml: cannot be read: Permission denied (os error 13)\n";
        assert_eq!((output.status.code(), &*err(&output)), (Some(78), cause));
    }
    for command in ["check", "dump"] {
        let output = run_in(dir.path(), &["rdb", command, "missing.rdb"]);
        assert_eq!((output.status.code(), out(&output)), (Some(1), String::new()));
        assert_eq!(
            err(&output),
            "tidegate: missing.rdb: No such file or directory (os error 2)\n",
            "{command}"
        );
    }
}

/// The first start of a newcomer: no argument, no file.
#[test]
fn without_a_file_the_start_and_the_check_say_how_to_name_one() {
    for args in [&[][..], &["check"]] {
        let output = run(args);
        assert_eq!((output.status.code(), out(&output)), (Some(78), String::new()), "{args:?}");
        assert_eq!(
            err(&output),
            "proxy.toml: cannot be read: No such file or directory (os error 2)\n\
             tidegate: name the configuration file with --config FILE; an empty file has every \
             default\n",
            "{args:?}"
        );
    }
    // A file that was named needs no such advice.
    assert_eq!(err(&run(&["--config", "other.toml"])).lines().count(), 1);
    assert_eq!(err(&run(&["check", "other.toml"])).lines().count(), 1);
}

#[test]
fn shells_complete_what_the_help_shows() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&["completions", shell]);
        assert!(output.status.success() && err(&output).is_empty(), "{shell}: {}", err(&output));
        for word in ["check", "rdb", "--format", "json", "completions"] {
            let word = if shell == "fish" { word.trim_start_matches('-') } else { word };
            assert!(out(&output).contains(word), "{shell}: no {word}");
        }
    }
    // A shell that is installed takes its script.
    let script = out(&run(&["completions", "bash"]));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tidegate"), script).unwrap();
    let line = "source tidegate; COMP_WORDS=(tidegate check --fo); COMP_CWORD=2; \
                _tidegate tidegate --fo check; echo ${COMPREPLY[*]}";
    let output = Command::new("bash").args(["-c", line]).current_dir(dir.path()).output().unwrap();
    assert_eq!(out(&output).trim(), "--format", "{}", err(&output));
    assert_eq!(run(&["completions", "csh"]).status.code(), Some(2));
}

#[test]
fn every_command_has_a_page_of_the_manual() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(&["man", dir.path().to_str().unwrap()]);
    assert!(output.status.success(), "{}", err(&output));
    for (page, text) in [
        ("tidegate.1", "SIGTERM"),
        ("tidegate-check.1", "asks each of its servers once"),
        ("tidegate-rdb-check.1", "largest keys"),
        ("tidegate-rdb-dump.1", "expires_at_ms"),
        ("tidegate-man.1", "directory"),
    ] {
        let found = fs::read_to_string(dir.path().join(page)).unwrap();
        assert!(found.contains(text), "{page}: {found}");
    }
    let output = run(&["man", "/does/not/exist"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("/does/not/exist: "), "{}", err(&output));
}
