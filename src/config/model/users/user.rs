//! `[[user]]`: one user as which clients log in.

use std::time::Duration;

use crate::config::kind::{
    FilePath, Flag, IfGiven, Integer, ListOf, OneOf, OneOrList, OrOff, Password, Size, Text, Time,
};
use crate::config::model::overlay::Overlay;
use crate::config::model::section::section;
use crate::consistency::Level;
use crate::routing::OnStale;
use crate::session::ReadFrom;
use tidegate_wire::units::{ByteSize, Secret};

section! {
    /// One `[[user]]`: its login, what it may do, and how much of it.
    pub struct User = "user" [1024] {
        /// Its name. `default` is the user of clients that give none.
        "name" => name: String = String::new(), Text, Live;

        /// Its passwords; `#` and 64 digits are the SHA-256 of one. redis.conf: `user`, `>` and `#`.
        "password" => passwords: Vec<Secret> = Vec::new(),
            OneOrList(ListOf { kind: Password, min: 1, max: 16 }), Live;

        /// The file that has its password; empty means none.
        "password-file" => password_file: String = String::new(), FilePath, Live;

        /// The keys that it may use, as patterns of Redis's ACL: `~cache:* %R~shared:*`.
        "keys" => keys: String = String::new(), Text, Live;

        /// The channels that it may use: `&news:*`.
        "channels" => channels: String = String::new(), Text, Live;

        /// The commands that it may use: `+@read -@dangerous`.
        "commands" => commands: String = String::new(), Text, Live;

        /// The most clients that may be logged in as it, 1 to 1 000 000; left out, no limit.
        "max-clients" => max_clients: Option<usize> = None, IfGiven(Integer(1, 1_000_000)), Live;

        /// How many requests its clients may make each second together, 1 to 100 000 000; left
        /// out, no limit. Beyond it they are read more slowly.
        "requests-per-second" => requests_per_second: Option<u64> = None,
            IfGiven(Integer(1, 100_000_000)), Live;

        /// How many bytes of requests and replies its clients may move each second together, 1kb
        /// to 1024gb; left out, no limit. Beyond it they are read more slowly.
        "bytes-per-second" => bytes_per_second: Option<ByteSize> = None,
            IfGiven(Size(ByteSize::kib(1), ByteSize::gib(1024))), Live;

        /// `reads.from` of its clients.
        "reads.from" => from: Option<ReadFrom> = None, IfGiven(OneOf::<ReadFrom>::new()), Live;

        /// `reads.consistency` of its clients.
        "reads.consistency" => consistency: Option<Level> = None,
            IfGiven(OneOf::<Level>::new()), Live;

        /// `reads.max-lag` of its clients. It may be longer than that of `[reads]`.
        "reads.max-lag" => max_lag: Option<Option<Duration>> = None,
            IfGiven(OrOff(Time(Duration::from_millis(1), Duration::from_secs(3600)))), Live;

        /// `reads.on-stale` of its clients.
        "reads.on-stale" => on_stale: Option<OnStale> = None,
            IfGiven(OneOf::<OnStale>::new()), Live;

        /// `reads.replica-serve-stale-data` of its clients.
        "reads.replica-serve-stale-data" => serve_stale: Option<bool> = None, IfGiven(Flag), Live;

        /// The user as which its requests are made at the servers; empty means that of
        /// `[topology]`, unless `masterauth` is given.
        "masteruser" => masteruser: String = String::new(), Text, Live;

        /// The password of that user; empty means the login of `[topology]`.
        "masterauth" => masterauth: Secret = Secret::default(), Password, Live;

        /// Whether its requests are made at the servers with its own name and the password that the
        /// client has given; left out, as `proxy.pass-through` says.
        "pass-through" => pass_through: Option<bool> = None, IfGiven(Flag), Live;
    }
}

impl User {
    /// What differs from `[reads]` for its clients.
    pub(in crate::config) fn overlay(&self) -> Overlay {
        Overlay {
            level: self.consistency,
            from: self.from,
            max_lag: self.max_lag,
            on_stale: self.on_stale,
            serve_stale: self.serve_stale,
        }
    }

    /// Its rules, in the words of `ACL SETUSER`.
    pub(in crate::config) fn rules(&self) -> Vec<String> {
        let password = |it: &Secret| match it.expose() {
            digest if is_digest(digest) => digest.to_owned(),
            password => format!(">{password}"),
        };
        let mut words = vec!["on".to_owned()];
        words.extend(self.passwords.iter().map(password));
        for rules in [&self.keys, &self.channels, &self.commands] {
            words.extend(rules.split_whitespace().map(str::to_owned));
        }
        words
    }
}

/// Whether a password is given by its SHA-256.
pub(in crate::config) fn is_digest(text: &str) -> bool {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 64);
    digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}
