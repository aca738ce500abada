//! Rules that name the commands of modules.

use super::login;
use crate::support::*;

#[test]
fn rules_name_the_commands_of_a_masters_modules() {
    let path = Flavor::Redis82.binary().with_file_name("falkordb.so");
    let options = ["--loadmodule", path.to_str().unwrap(), "THREAD_COUNT", "1"];
    let server = RedisServer::builder(Flavor::Redis82).args(&options).start();
    let users = "[[user]]\nname = \"graphs\"\npassword = \"secret\"\nkeys = \"~g:*\"\n\
        commands = \"+@read +graph.query +graph.nope +@json\"\n\
        [[user]]\nname = \"rest\"\npassword = \"secret\"\nkeys = \"~*\"\n\
        commands = \"+@all -graph.query\"\n";
    let proxy = ConfigBuilder::new(server.addr(), &[]).extra(users).start();
    let query = |key| ["GRAPH.QUERY", key, "RETURN 1"];
    let mut graphs = login(&proxy, "graphs", "secret");
    eventually(PATIENCE, || match graphs.cmd(&query("g:1")) {
        reply if reply.is_err() => Err(format!("{reply:?}\n{}", proxy.log())),
        _ => Ok(()),
    });
    // Its keys count, and so do its other commands.
    assert!(graphs.cmd(&query("other")).err().starts_with("NOPERM "));
    assert!(graphs.cmd(&["GRAPH.DELETE", "g:1"]).err().starts_with("NOPERM "));
    let mut rest = login(&proxy, "rest", "secret");
    assert!(rest.cmd(&query("g:1")).err().starts_with("NOPERM "));
    assert!(!rest.cmd(&["GRAPH.DELETE", "g:1"]).is_err());
    let told = "user \"graphs\" has rules about commands that the master lacks: +graph.nope";
    assert!(proxy.log().contains(told), "{}", proxy.log());
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .arg("check")
        .arg(proxy.config_path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let checked = text.lines().find(|line| line.contains("rules about commands")).unwrap_or(&text);
    assert!(checked.contains("\"graphs\"") && checked.ends_with("+graph.nope +@json"), "{text}");
    // After a reload, too.
    let text = std::fs::read_to_string(proxy.config_path()).unwrap();
    std::fs::write(proxy.config_path(), text.replace("+graph.nope", "+graph.delete")).unwrap();
    eventually(PATIENCE, || match graphs.cmd(&["GRAPH.DELETE", "g:1"]) {
        reply if reply.err().starts_with("NOPERM ") => Err(format!("{reply:?}")),
        _ => Ok(()),
    });
    assert!(!graphs.cmd(&query("g:1")).is_err());
}
