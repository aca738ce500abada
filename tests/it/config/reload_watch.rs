//! A change of `proxy.toml` is a reload, however the file is changed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::support::*;

/// A proxy before one server; whether it reloaded is seen from its generation.
struct Live {
    _server: RedisServer,
    config: ConfigBuilder,
    proxy: Tidegate,
}

impl Live {
    fn start(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        let server = RedisServer::spawn(Flavor::Redis70);
        let config =
            change(ConfigBuilder::new(server.addr(), &[])).set("admin", "commands", MASTER);
        let proxy = config.start();
        Self { _server: server, config, proxy }
    }

    /// Another configuration, told from others by a number.
    fn toml(&self, n: usize) -> String {
        self.config.clone().set("proxy", "max-clients", &(5_000 + n).to_string()).toml()
    }

    fn own(&self) -> Own {
        Own::of(&mut self.proxy.wire())
    }

    #[track_caller]
    fn reaches(&self, generation: i64) {
        eventually(PATIENCE, || match self.own().generation {
            it if it == generation => Ok(()),
            it => Err(format!("generation {it}, not {generation}\n{}", self.proxy.log())),
        });
    }

    /// What comes now is noticed, and nothing before it was: the next generation is the next.
    #[track_caller]
    fn still_watched(&self, n: usize) {
        let before = self.own().generation;
        self.proxy.write_config(&self.toml(n));
        self.reaches(before + 1);
    }
}

const MASTER: &str = "\"master\"";

/// What PROXY TOPOLOGY JSON tells of the configuration.
struct Own {
    generation: i64,
    last_succeeded: bool,
}

impl Own {
    fn of(wire: &mut Wire) -> Self {
        let config = &topology(wire)["config"];
        Self {
            generation: config["generation"].as_i64().unwrap(),
            last_succeeded: config["last_reload_successful"].as_bool().unwrap(),
        }
    }
}

fn relink(target: &str, link: &Path) {
    let new = link.parent().unwrap().join("new-link");
    symlink(target, &new).unwrap();
    fs::rename(new, link).unwrap();
}

#[test]
fn written_in_place_or_replaced() {
    let live = Live::start(|config| config);
    live.proxy.write_config(&live.toml(1));
    live.reaches(2);
    live.proxy.replace_config(&live.toml(2));
    live.reaches(3);
    // The new file is watched as the old one was.
    live.proxy.write_config(&live.toml(3));
    live.reaches(4);
    let log = live.proxy.log();
    assert_eq!(log.matches("reloaded proxy.max-clients: 5001 -> 5002").count(), 1, "{log}");
}

#[test]
fn a_config_map_is_swapped() {
    let live = Live::start(|config| config);
    let path = live.proxy.config_path();
    let at = path.parent().unwrap();
    let version = |n: usize| {
        fs::create_dir(at.join(format!("..{n}"))).unwrap();
        let text = live.proxy.fill_in(&live.toml(n));
        fs::write(at.join(format!("..{n}/proxy.toml")), text).unwrap();
        relink(&format!("..{n}"), &at.join("..data"));
    };
    version(1);
    relink("..data/proxy.toml", &path);
    live.reaches(2);
    for n in 2..5 {
        version(n);
        live.reaches(i64::try_from(n).unwrap() + 1);
        fs::remove_dir_all(at.join(format!("..{}", n - 1))).unwrap();
    }
    // What the links lead to is watched, too.
    live.still_watched(9);
}

#[test]
fn a_symbolic_link_changes_its_target() {
    let live = Live::start(|config| config);
    let path = live.proxy.config_path();
    let elsewhere = tempfile::tempdir().unwrap();
    for n in 1..4_usize {
        let target = elsewhere.path().join(format!("{n}.toml"));
        fs::write(&target, live.proxy.fill_in(&live.toml(n))).unwrap();
        relink(target.to_str().unwrap(), &path);
        live.reaches(i64::try_from(n).unwrap() + 1);
    }
    live.still_watched(9);
}

#[test]
fn a_bad_file_changes_nothing_and_is_logged_once() {
    let live = Live::start(|config| config);
    let mut wire = live.proxy.wire();
    let id = wire.cmd(&["CLIENT", "ID"]);
    let bad = live.toml(1).replace("workers = 2", "workers = 0\nnonsense = 1");
    live.proxy.write_config(&bad);
    let told = || {
        let log = live.proxy.log();
        (log.matches("nothing was reloaded").count(), log.contains("nonsense: unknown key"))
    };
    // An event for each of the two mistakes.
    eventually(PATIENCE, || if told() == (2, true) { Ok(()) } else { Err(live.proxy.log()) });
    assert!(!live.own().last_succeeded);
    // The same bad text again is no news.
    live.proxy.replace_config(&bad);
    thread::sleep(Duration::from_millis(600));
    assert_eq!((told().0, live.own().generation), (2, 1));
    wire.cmd(&["SET", "k", "v"]).ok();
    live.proxy.write_config(&live.toml(2));
    live.reaches(2);
    assert!(live.own().last_succeeded);
    assert_eq!(wire.cmd(&["CLIENT", "ID"]), id);
}

#[test]
fn a_file_that_is_away_for_a_moment_is_no_mistake() {
    let live = Live::start(|config| config);
    let path = live.proxy.config_path();
    fs::remove_file(&path).unwrap();
    thread::sleep(Duration::from_millis(300));
    live.still_watched(1);
    // Truncated and written by and by: the half that parses is not taken.
    fs::write(&path, "").unwrap();
    thread::sleep(Duration::from_millis(500));
    live.still_watched(2);
    let log = live.proxy.log();
    assert!(!log.contains("nothing was reloaded") && live.own().last_succeeded, "{log}");

    fs::remove_file(&path).unwrap();
    eventually(PATIENCE, || match live.proxy.log().matches("nothing was reloaded").count() {
        1 => Ok(()),
        n => Err(format!("told {n} times")),
    });
    live.still_watched(3);
}

#[test]
fn the_directory_is_replaced() {
    let live = Live::start(|config| config);
    let path = live.proxy.config_path();
    let at = path.parent().unwrap();
    fs::create_dir(at.join("conf")).unwrap();
    fs::write(at.join("conf/real.toml"), live.proxy.fill_in(&live.toml(1))).unwrap();
    relink("conf/real.toml", &path);
    live.reaches(2);
    fs::create_dir(at.join("next")).unwrap();
    fs::write(at.join("next/real.toml"), live.proxy.fill_in(&live.toml(2))).unwrap();
    fs::rename(at.join("conf"), at.join("old")).unwrap();
    fs::rename(at.join("next"), at.join("conf")).unwrap();
    live.reaches(3);
    live.still_watched(9);
}

#[test]
fn no_watch_if_it_is_switched_off() {
    let mut live = Live::start(|config| config.set("proxy", "watch-config", "false"));
    live.proxy.write_config(&live.toml(1));
    thread::sleep(Duration::from_secs(1));
    assert_eq!(live.own().generation, 1, "{}", live.proxy.log());
    live.proxy.sighup();
    live.reaches(2);

    let on = live.toml(1).replace("watch-config = false", "watch-config = true");
    live.proxy.reload(&on);
    live.reaches(3);
    live.proxy.write_config(&on.replace("5001", "5002"));
    live.reaches(4);
    // The last that is noticed is that nothing is noticed any more.
    live.proxy.write_config(&live.toml(3));
    live.reaches(5);
    live.proxy.write_config(&live.toml(4));
    thread::sleep(Duration::from_secs(1));
    assert_eq!(live.own().generation, 5, "{}", live.proxy.log());
}
