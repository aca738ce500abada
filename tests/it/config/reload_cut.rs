//! A configuration file that was cut off changes nothing, however the reload is asked for.

use std::fs;

use crate::support::*;

/// A proxy with a password, before a master that is not the default one.
struct Guarded {
    server: RedisServer,
    proxy: Tidegate,
    text: String,
}

impl Guarded {
    fn start(watch: bool) -> Self {
        let server = RedisServer::spawn(Flavor::Redis70);
        let config = ConfigBuilder::new(server.addr(), &[])
            .set("proxy", "requirepass", "\"secret\"")
            .set("proxy", "watch-config", &watch.to_string())
            .set("admin", "commands", "\"master\"");
        let proxy = config.start();
        let text = fs::read_to_string(proxy.config_path()).unwrap();
        Self { server, proxy, text }
    }

    /// Of reloads: how many were refused, and how many changed something.
    fn reloads(&self) -> (f64, f64) {
        let page = Scrape::of(&self.proxy);
        let failures = page.value("tidegate_config_reloads_total", &[("result", "failure")]);
        (failures.unwrap(), page.value("tidegate_config_generation", &[]).unwrap() - 1.0)
    }

    #[track_caller]
    fn write(&self, text: &str) {
        fs::write(self.proxy.config_path(), text).unwrap();
    }

    #[track_caller]
    fn refuses(&self, count: f64) {
        eventually(PATIENCE, || match self.reloads() {
            it if it == (count, 0.0) => Ok(()),
            it => Err(format!("{it:?}\n{}", self.proxy.log())),
        });
    }

    /// The password, the master and the listeners are what they were.
    #[track_caller]
    fn is_unharmed(&mut self) {
        let mut wire = self.proxy.wire();
        assert!(wire.cmd(&["GET", "k"]).err().starts_with("NOAUTH"));
        wire.cmd(&["AUTH", "secret"]).ok();
        wire.cmd(&["SET", "k", "v"]).ok();
        assert_eq!(self.server.cmd(&["GET", "k"]).str(), "v");
        self.proxy.assert_alive();
    }

    /// The text without its end: the last section and every one behind it.
    fn cut_at(&self, section: &str) -> String {
        let (head, _) = self.text.split_once(&format!("[{section}]\n")).unwrap();
        head.to_owned()
    }
}

#[test]
fn the_watch_refuses_an_empty_file_and_one_that_was_cut() {
    let mut guarded = Guarded::start(true);
    guarded.write("");
    guarded.refuses(1.0);
    // Behind [proxy]: the master would be the default one.
    let cut = guarded.cut_at("topology");
    assert!(cut.contains("requirepass"), "{cut}");
    guarded.write(&cut);
    guarded.refuses(2.0);
    // Within [proxy]: a default port and no password.
    let (cut, _) = guarded.text.split_once("requirepass").unwrap();
    guarded.write(cut);
    guarded.refuses(3.0);
    guarded.is_unharmed();
    let log = guarded.proxy.log();
    for why in ["gives no key at all", "no longer gives topology.master", "proxy.requirepass"] {
        assert!(log.contains(why), "{why:?} is not told:\n{log}");
    }
    // The whole file again, with a change.
    let changed = guarded.text.replace("requirepass = \"secret\"", "requirepass = \"other\"");
    guarded.write(&changed);
    eventually(PATIENCE, || match guarded.reloads() {
        (3.0, 1.0) => Ok(()),
        it => Err(format!("{it:?}")),
    });
    guarded.proxy.wire().cmd(&["AUTH", "other"]).ok();
}

#[test]
fn sighup_and_proxy_reload_refuse_the_same() {
    let mut guarded = Guarded::start(false);
    let mut wire = guarded.proxy.wire();
    wire.cmd(&["AUTH", "secret"]).ok();
    for (cut, why) in [
        (String::new(), "gives no key at all"),
        (guarded.cut_at("topology"), "no longer gives topology.master"),
        (guarded.text.replace("requirepass", "#"), "no longer gives proxy.requirepass"),
    ] {
        guarded.write(&cut);
        let reply = wire.cmd(&["PROXY", "RELOAD"]);
        assert!(reply.err().contains(why), "{reply:?}");
        let (before, _) = guarded.reloads();
        guarded.proxy.sighup();
        guarded.refuses(before + 1.0);
    }
    guarded.is_unharmed();
    // A default that is written is meant.
    guarded.write(&guarded.text.replace("\"secret\"", "\"\""));
    wire.cmd(&["PROXY", "RELOAD"]);
    assert_eq!(guarded.reloads().1, 1.0);
    guarded.proxy.wire().cmd(&["SET", "k", "open"]).ok();
}
