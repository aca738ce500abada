//! What a reload changes in the running process, beyond routing.

use std::time::Duration;

use crate::support::*;

#[test]
fn the_level_of_the_log_follows_a_reload() {
    let trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio).set("log", "level", "\"warn\"");
    let mut proxy = config.start();
    assert!(!proxy.log().contains("ready"), "information at level warn");
    proxy.reload(&config.clone().set("log", "level", "\"info\"").toml());
    // The reload that brings the level is told at the old one; the next one is told.
    let again = config.set("log", "level", "\"info\"").set("reads", "from", "\"any\"");
    std::thread::sleep(Duration::from_millis(200));
    proxy.reload(&again.toml());
    eventually(Duration::from_secs(2), || {
        let log = proxy.log();
        if log.contains("reloaded reads.from") { Ok(()) } else { Err(log) }
    });
}
