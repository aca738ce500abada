//! What the closed write gate refuses, next to what a server with `min-replicas-to-write` does.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::{PASSED_ON, prepare, requests, row};
use crate::support::*;

/// Refused here and not there, as DESIGN has it: a script may write, and would fail half-way.
const ONLY_HERE: &[&str] = &["eval", "evalsha", "fcall"];
/// Redis 6.2 knows no subcommands: XGROUP is a write whatever it is asked.
const WRITES_OF_62: &[&str] = &["xgroup|help"];
/// What a server flags as a write, and operators may say.
const OF_OPERATORS: &[&str] =
    &["RESTORE-ASKING d 0 @dump", "PFDEBUG GETREG hll", "PFDEBUG ENCODING hll"];

/// Whether each request of the sample meets a closed gate; `None` where the server looks no
/// further than at the request's form.
fn refused(addr: SocketAddr, sample: &[Vec<Vec<u8>>]) -> Vec<Option<bool>> {
    let mut wire = Wire::connect(addr);
    let mut refused = Vec::new();
    for request in sample {
        wire.send(request);
        // MONITOR and subscriptions go on talking, but answer first.
        refused.push(match wire.try_read_reply() {
            Ok(Reply::Error(text)) if text.contains("NOREPLICAS") => Some(true),
            Ok(Reply::Error(text)) => {
                let form = ["ERR wrong number", "ERR unknown ", "ERR Unknown "];
                (!form.iter().any(|words| text.starts_with(words))).then_some(false)
            }
            _ => Some(false),
        });
    }
    refused
}

#[test]
fn the_gate_refuses_what_a_server_without_its_replicas_refuses() {
    for flavor in Flavor::ALL {
        let (behind, direct) = (RedisServer::spawn(flavor), RedisServer::spawn(flavor));
        let proxy = ConfigBuilder::new(behind.addr(), &[])
            .reads_from("master")
            .set("admin", "commands", "\"master\"")
            .set("writes", "min-replicas-to-write", "3")
            .start();
        let mut admins = [behind.wire(), direct.wire()];
        let dump = prepare(&mut admins);
        direct.cmd(&["CONFIG", "SET", "min-replicas-to-write", "3"]).ok();
        let digest = behind.digest();
        let (mut differences, mut compared) = (BTreeSet::new(), BTreeSet::new());
        for sample in PASSED_ON.into_iter().flatten().chain(OF_OPERATORS) {
            let sample = requests(sample, &dump);
            let ours = refused(proxy.addr(), &sample);
            let theirs = refused(direct.addr(), &sample);
            for ((request, ours), theirs) in sample.iter().zip(ours).zip(theirs) {
                let name = row(request).map_or("", |row| row.name);
                let Some(theirs) = theirs else { continue };
                if flavor == Flavor::Redis62 && WRITES_OF_62.contains(&name) {
                    continue;
                }
                compared.insert(name);
                if ours != Some(theirs) && !(ONLY_HERE.contains(&name) && ours == Some(true)) {
                    let request = String::from_utf8_lossy(&request.join(&b' ')).into_owned();
                    differences.insert(format!("{request}: ours {ours:?}, theirs {theirs}"));
                }
            }
        }
        assert!(differences.is_empty(), "{flavor:?}: {differences:#?}");
        assert!(compared.len() > 200, "only {}", compared.len());
        assert_eq!(behind.digest(), digest, "{flavor:?}: a write left");
    }
}
