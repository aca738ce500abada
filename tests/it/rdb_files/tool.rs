//! `tidegate rdb` on files of real servers: the built binary.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::fill::fill;
use crate::support::*;

fn rdb(args: &[&str], path: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.arg("rdb").args(args).arg(path).stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn check_tells_what_is_in_a_file_and_where_it_is_broken() {
    let server = RedisServer::spawn(Flavor::Redis70);
    fill(&server);
    server.cmd(&["SAVE"]).ok();
    let path = server.dir().join("dump.rdb");
    let output = rdb(&["check"], &path);
    let out = stdout(&output);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    let size = fs::metadata(&path).unwrap().len();
    let keys: i64 = server.cmd(&["DBSIZE"]).int();
    for line in [
        format!("file        {}, {size} of {size} bytes read", path.display()),
        "format      Redis 10".into(),
        "checksum    verified".into(),
        format!("database    0: {keys} keys, 3 of them expire"),
        "database    15: 2 keys, 1 of them expire".into(),
        "functions   1 libraries".into(),
    ] {
        assert!(out.lines().any(|it| it == line), "{line}\n{out}");
    }
    let largest = out.lines().skip_while(|line| !line.starts_with("The largest")).nth(2).unwrap();
    assert!(largest.ends_with("hash:long") || largest.ends_with("random"), "{out}");

    let bytes = fs::read(&path).unwrap();
    let cut = server.dir().join("cut.rdb");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let output = rdb(&["check"], &cut);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(stdout(&output).contains("checksum    not reached"), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(": at byte ") && told.contains("the data ends in the middle"), "{told}");
    let missing = rdb(&["check"], &server.dir().join("missing.rdb"));
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn dump_prints_a_line_for_each_key() {
    let server = RedisServer::spawn(Flavor::Valkey91);
    fill(&server);
    server.cmd(&["SAVE"]).ok();
    let path = server.dir().join("dump.rdb");
    let out = stdout(&rdb(&["dump"], &path));
    let lines: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let keys = server.cmd(&["DBSIZE"]).int() + 4;
    assert_eq!(i64::try_from(lines.len()).unwrap(), keys);
    let find = |key: &str| lines.iter().find(|line| line["key"] == key).unwrap();
    assert_eq!(find("set:int16")["value"], serde_json::json!(["-2", "1", "30000"]));
    assert_eq!(find("expires")["expires_at_ms"], super::EXPIRES_MS);
    let scores = find("zset:wide")["value"].as_array().unwrap();
    assert!(scores.contains(&serde_json::json!({"member": "n", "score": "-inf"})), "{scores:?}");
    let fields = find("fields:small")["value"].as_array().unwrap();
    let field = serde_json::json!({
        "field": "h", "value": "three", "expires_at_ms": super::EXPIRES_MS + 1
    });
    assert!(fields.contains(&field), "{fields:?}");
    let binary = lines.iter().find(|line| line["key"]["base64"] == "//4ga2V5").unwrap();
    assert_eq!(binary["value"], "binary");
    assert_eq!(find("stream:back")["value"]["entries"][1][0], "2-1");

    // The same from standard input.
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    let input = fs::File::open(&path).unwrap();
    let piped = command.args(["rdb", "dump", "-"]).stdin(input).output().unwrap();
    assert!(piped.status.success());
    assert!(stdout(&piped) == out);
}
