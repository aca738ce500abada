//! `tidegate rdb` on files of real servers: the built binary.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::fill::{EXPIRES_MS, fill};
use crate::support::*;

fn rdb(args: &[&str], path: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate"));
    command.arg("rdb").args(args).arg(path).stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn check_summarizes_a_file_and_locates_the_fault() {
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
        "functions   1 library".into(),
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
    assert_eq!(find("expires")["expires_at_ms"], EXPIRES_MS);
    let scores = find("zset:wide")["value"].as_array().unwrap();
    assert!(scores.contains(&serde_json::json!({"member": "n", "score": "-inf"})), "{scores:?}");
    let fields = find("fields:small")["value"].as_array().unwrap();
    let field = serde_json::json!({
        "field": "h", "value": "three", "expires_at_ms": EXPIRES_MS + 1
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

/// A file without a checksum, of values as they are written.
fn file(keys: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut bytes = b"REDIS0010\xfe\x00".to_vec();
    for (key, type_byte, body) in keys {
        bytes.extend([*type_byte, u8::try_from(key.len()).unwrap()]);
        bytes.extend(key.as_bytes());
        bytes.extend(*body);
    }
    bytes.extend(b"\xff\0\0\0\0\0\0\0\0");
    bytes
}

/// A listpack of these elements, as a string of a file.
fn packed(elements: &[&str]) -> Vec<u8> {
    let mut builder = tidegate_rdb::ListpackBuilder::new();
    elements.iter().for_each(|element| builder.push_bytes(element.as_bytes()));
    let bytes = builder.finish().unwrap().into_bytes();
    [&[u8::try_from(bytes.len()).unwrap()][..], &bytes].concat()
}

fn told(command: &str, bytes: &[u8]) -> (Option<i32>, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("some.rdb");
    fs::write(&path, bytes).unwrap();
    let output = rdb(&[command], &path);
    (output.status.code(), stdout(&output) + &String::from_utf8(output.stderr).unwrap())
}

#[test]
fn check_finds_what_the_engine_cannot_hold() {
    let (hash, zset) = (packed(&["f", "1", "f", "2"]), packed(&["a", "2", "b", "1"]));
    let zipmap = b"\x07\xff\x01f\x01\0v\xff";
    for (body, type_byte, why) in [
        (&hash[..], 16, "twice"),
        (&zset, 17, "sorted"),
        (zipmap, 9, "has not as many fields as it says"),
    ] {
        let (code, out) = told("check", &file(&[("k", type_byte, body), ("l", 0, b"\x01v")]));
        assert_eq!(code, Some(1), "{out}");
        assert!(out.contains("problem") && out.contains("key k of database 0"), "{out}");
        assert!(out.contains(why) && out.contains("2, 0 of them expire"), "{why}: {out}");
    }
    let (code, out) = told("check", &file(&[("k", 0, b"\x01v"), ("k", 0, b"\x01w")]));
    assert!(code == Some(1) && out.contains("key k of database 0: comes twice"), "{out}");
    let (code, out) = told("check", &file(&[("k", 28, b"\x01v")]));
    assert!(code == Some(1) && out.contains("type 28, unknown"), "{out}");
}

#[test]
fn dump_leaves_out_what_servers_leave_out() {
    let bytes = file(&[("empty", 2, b"\0"), ("k", 0, b"\x01v")]);
    let (code, out) = told("dump", &bytes);
    assert!(code == Some(0) && out.lines().count() == 1 && out.contains("\"k\""), "{out}");
}

#[test]
fn data_after_the_end_is_reported() {
    let whole = file(&[("k", 0, b"\x01v")]);
    let mark = [&whole[..], &"0123456789abcdef".repeat(3).as_bytes()[..40]].concat();
    for (bytes, code, said, unsaid) in [
        (&whole[..], 0, "checksum", "note"),
        (&whole[..whole.len() - 12], 1, "the data ends in the middle", "note"),
        (&mark, 0, "redis-cli --rdb -", "append-only"),
        (&[&whole[..], b"*1\r\n"].concat(), 0, "append-only", "redis-cli"),
    ] {
        let (status, out) = told("check", bytes);
        assert_eq!(status, Some(code), "{out}");
        assert!(out.contains(said) && !out.contains(unsaid), "{said}: {out}");
    }
}
