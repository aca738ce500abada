//! CLIENT TRACKING with REDIRECT: what the client, its target and the others see, as directly.

use std::time::Duration;

use crate::support::{Both, Flavor, PATIENCE, Pair, Wire, client_list, eventually};

const QUIET: Duration = Duration::from_millis(60);
/// A client that reads, the target of its invalidations and one that writes, on both sides.
struct Stage {
    tracker: Both,
    target: Both,
    writer: Both,
    /// The target's ids: at the server, and at the proxy.
    ids: [String; 2],
}

impl Stage {
    fn new(pair: &Pair, target3: bool, tracker3: bool) -> Self {
        let both = |three| if three { pair.both3() } else { pair.both() };
        let mut target = both(target3);
        let ids = [id(&mut target.direct), id(&mut target.proxied)];
        Self { tracker: both(tracker3), target, writer: pair.both(), ids }
    }

    /// The tracking client says `line`; `TARGET` is the target's id, also in the same reply.
    #[track_caller]
    fn tracker_says(&mut self, line: &str) -> String {
        let Both { direct, proxied } = &mut self.tracker;
        for (wire, id) in [&mut *direct, proxied].into_iter().zip(&self.ids) {
            let line = line.replace("TARGET", id);
            wire.send(&line.split(' ').collect::<Vec<_>>());
        }
        self.tracker_reads(line)
    }

    /// The tracking clients read a frame each, and it is the same.
    #[track_caller]
    fn tracker_reads(&mut self, what: &str) -> String {
        let Both { direct, proxied } = &mut self.tracker;
        let expected = with_id(direct, &self.ids[0]);
        assert_eq!(with_id(proxied, &self.ids[1]), expected, "{what}");
        expected
    }

    /// `k` is read, and changed by another client with `line`.
    #[track_caller]
    fn change(&mut self, line: &str) {
        self.tracker.same("GET k");
        self.writer.same(line);
    }

    #[track_caller]
    fn target_gets(&mut self, change: &str, begin: &str) {
        self.change(change);
        let expected = self.target.direct.read_raw_reply();
        let got = self.target.proxied.read_raw_reply();
        assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(&expected));
        assert!(got.starts_with(begin.as_bytes()), "{change}: {got:?}");
    }

    #[track_caller]
    fn target_gets_nothing(&mut self) {
        self.change("SET k 1");
        self.target.direct.expect_silence(QUIET);
        self.target.proxied.expect_silence(QUIET);
    }
}

fn id(wire: &mut Wire) -> String {
    wire.cmd(&["CLIENT", "ID"]).int().to_string()
}

fn with_id(wire: &mut Wire, id: &str) -> String {
    let frame = String::from_utf8(wire.read_raw_reply()).unwrap();
    frame.replace(&format!(":{id}\r\n"), ":TARGET\r\n")
}

const MESSAGE: &str = "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n";
const PUSH: &str = ">2\r\n$10\r\ninvalidate\r\n";

#[test]
fn a_target_need_not_have_subscribed() {
    for flavor in Flavor::ALL {
        let pair = Pair::spawn(flavor);
        for (target3, tracker3) in [(false, false), (false, true), (true, false), (true, true)] {
            let mut stage = Stage::new(&pair, target3, tracker3);
            let form = if target3 { PUSH } else { MESSAGE };
            assert_eq!(stage.tracker_says("CLIENT TRACKING ON REDIRECT TARGET"), "+OK\r\n");
            assert!(stage.tracker_says("CLIENT TRACKINGINFO").contains(":TARGET"));
            assert_eq!(stage.tracker_says("CLIENT GETREDIR"), ":TARGET\r\n");
            if target3 {
                stage.target_gets("SET k 1", form);
            } else {
                stage.target_gets_nothing();
            }
            // Any subscription makes it a client that may get messages.
            stage.target.same("SUBSCRIBE other");
            stage.target_gets("SET k 1", form);
            stage.target.same("SUBSCRIBE __redis__:invalidate");
            stage.target_gets("SET k 2", form);
            stage.target_gets("FLUSHALL", form);
            stage.target.same("UNSUBSCRIBE other");
            stage.target.same("UNSUBSCRIBE");
            if !target3 {
                stage.target_gets_nothing();
            }
            stage.target.same("RESET");
            stage.target_gets_nothing();
            stage.target.direct.hello3();
            stage.target.proxied.hello3();
            stage.target_gets("SET k 3", PUSH);
            stage.tracker.same("MULTI");
            stage.tracker.same("CLIENT TRACKINGINFO");
            stage.tracker.same("CLIENT GETREDIR");
            assert_eq!(stage.tracker_says("EXEC").matches(":TARGET").count(), 2);
        }
    }
}

#[test]
fn a_closed_target_is_reported_by_its_id() {
    for flavor in Flavor::ALL {
        let pair = Pair::spawn(flavor);
        for tracker3 in [false, true] {
            let mut stage = Stage::new(&pair, true, tracker3);
            assert_eq!(stage.tracker_says("CLIENT TRACKING ON REDIRECT TARGET"), "+OK\r\n");
            let gone = pair.both3();
            drop(std::mem::replace(&mut stage.target, gone));
            // Both servers have seen it go.
            let trackers = || {
                for server in [&pair.direct, &pair.behind] {
                    let redirected = client_list::only(server, |line| line.has_flag('t'))?;
                    let to = client_list::of_server(server);
                    let to = to.iter().find(|line| line.id() == redirected).unwrap();
                    let to: i64 = to.get("redir").parse().unwrap();
                    if client_list::only(server, |line| line.id() == to).is_ok() {
                        return Err(format!("{to} is still there"));
                    }
                }
                Ok(())
            };
            eventually(PATIENCE, trackers);
            for _ in 0..2 {
                stage.change("SET k 1");
                if tracker3 {
                    let push = stage.tracker_reads("the push");
                    assert!(push.contains("tracking-redir-broken\r\n:TARGET"), "{push}");
                }
            }
            let info = stage.tracker_says("CLIENT TRACKINGINFO");
            assert!(info.contains("broken_redirect") && info.contains(":TARGET"), "{info}");
            assert_eq!(stage.tracker_says("CLIENT GETREDIR"), ":TARGET\r\n");
            for (id, wire) in [&mut stage.tracker.direct, &mut stage.tracker.proxied]
                .into_iter()
                .enumerate()
                .map(|(n, wire)| (&stage.ids[n], wire))
            {
                let me = wire.cmd(&["CLIENT", "ID"]).int();
                let lines = client_list::list(wire);
                let line = lines.iter().find(|line| line.id() == me).unwrap();
                assert_eq!((line.get("flags"), line.get("redir")), ("tR", id.as_str()));
            }
            stage.tracker.same("CLIENT TRACKING OFF");
            assert!(stage.tracker_says("CLIENT TRACKING ON REDIRECT TARGET").starts_with("-ERR"));
            stage.tracker.same("CLIENT TRACKINGINFO");
            stage.tracker.direct.expect_silence(QUIET);
            stage.tracker.proxied.expect_silence(QUIET);
        }
    }
}

#[test]
fn options_are_looked_at_in_the_servers_order() {
    for flavor in Flavor::ALL {
        let pair = Pair::spawn(flavor);
        let mut stage = Stage::new(&pair, true, true);
        for line in [
            "ON BAD REDIRECT 9999",
            "ON REDIRECT 9999 BAD",
            "ON REDIRECT TARGET REDIRECT TARGET",
            "OFF REDIRECT TARGET",
            "OFF REDIRECT 9999",
            "ON REDIRECT 0",
            "ON REDIRECT",
            "MAYBE REDIRECT TARGET",
            "MAYBE REDIRECT 9999",
            "ON REDIRECT TARGET OPTIN OPTOUT",
            "ON PREFIX REDIRECT 9999",
            "ON REDIRECT +1",
            "ON BCAST PREFIX redirect PREFIX 9999",
        ] {
            stage.tracker_says(&format!("CLIENT TRACKING {line}"));
        }
        let list = |wire: &mut Wire| {
            let me = wire.cmd(&["CLIENT", "ID"]).int();
            let lines = client_list::list(wire);
            let line = lines.iter().find(|line| line.id() == me).unwrap().clone();
            (line.get("flags").to_owned(), line.get("redir").to_owned())
        };
        let expected = ("tB".to_owned(), "0".to_owned());
        assert_eq!(list(&mut stage.tracker.direct), expected);
        assert_eq!(list(&mut stage.tracker.proxied), expected);
    }
}

#[test]
fn a_client_may_be_its_own_target() {
    for flavor in Flavor::ALL {
        let pair = Pair::spawn(flavor);
        let mut stage = Stage::new(&pair, true, true);
        stage.ids = [id(&mut stage.tracker.direct), id(&mut stage.tracker.proxied)];
        assert_eq!(stage.tracker_says("CLIENT TRACKING ON REDIRECT TARGET"), "+OK\r\n");
        stage.change("SET k 1");
        assert!(stage.tracker_reads("the push").starts_with(PUSH));
        stage.tracker_says("CLIENT TRACKINGINFO");
    }
}

#[test]
fn a_target_keeps_its_connection_as_long_as_it_is_one() {
    let pair = Pair::spawn(Flavor::Redis70);
    let mut target = Wire::connect3(pair.proxy.addr());
    let to = id(&mut target);
    let mut trackers = [pair.proxy.wire(), Wire::connect3(pair.proxy.addr())];
    for tracker in &mut trackers {
        tracker.cmd(&["CLIENT", "TRACKING", "ON", "REDIRECT", &to]).ok();
    }
    let line = client_list::of_server(&pair.behind);
    let redir = line.iter().find(|line| line.has_flag('t')).unwrap().get("redir").to_owned();
    let is_there = || client_list::of_server(&pair.behind).iter().any(|l| l.get("id") == redir);
    assert!(is_there());
    trackers[0].cmd(&["CLIENT", "TRACKING", "OFF"]).ok();
    trackers[1].cmd(&["GET", "k"]);
    pair.behind.cmd(&["SET", "k", "1"]).ok();
    assert_eq!(target.read_reply().array()[0].str(), "invalidate");
    trackers[1].cmd(&["RESET"]);
    eventually(PATIENCE, || if is_there() { Err("it is still there".to_owned()) } else { Ok(()) });
    // A target whose connection is lost may have missed something: it is closed.
    trackers[0].cmd(&["CLIENT", "TRACKING", "ON", "REDIRECT", &to]).ok();
    let line = client_list::of_server(&pair.behind);
    let redir = line.iter().find(|line| line.has_flag('t')).unwrap().get("redir").to_owned();
    pair.behind.cmd(&["CLIENT", "KILL", "ID", &redir]);
    target.expect_closed();
}
