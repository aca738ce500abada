//! The rights that Tidegate needs at a server or a Sentinel, each with the request that asks for it.

use crate::config::{AdminCommands, Config, TouchMaster};

/// A right that a login needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// The words of ACL SETUSER that give it: a command, and the pattern of its key or channel.
    pub(super) rules: &'static str,
    /// A request that needs it. It changes nothing, even if a server executes it, unless it
    /// [is an order](Need::is_order).
    pub(super) ask: &'static [&'static str],
    /// What does not work without it.
    pub(super) without: &'static str,
    /// Whether the proxy or the engine cannot work without it.
    pub(super) is_vital: bool,
}

impl Need {
    /// Whether a server would change what it does, if it executed the request.
    pub(super) fn is_order(&self) -> bool {
        matches!(self.ask.first(), Some(&("FAILOVER" | "REPLICAOF" | "PSYNC")))
    }
}

/// The words of a request.
type Words = &'static [&'static str];

const fn need(rules: &'static str, ask: Words, without: &'static str) -> Need {
    Need { rules, ask, without, is_vital: false }
}

const fn vital(rules: &'static str, ask: Words, without: &'static str) -> Need {
    Need { rules, ask, without, is_vital: true }
}

const SETINFO: &str = "CLIENT LIST does not show which connections are Tidegate's";
const WAIT: &str = "WAIT is an error, and with writes.wait-replicas each write gets NOACK";
const UNBLOCK: &str = "BLPOP gets INDOUBT when Sentinel changes the master";
const SWITCH: &str = "PROXY FAILOVER is an error";
const LINK: &str = "the engine cannot follow the master";
const READS: &str = "the engine may serve fewer reads in place";
const REPORT: &str = "the Sentinel gives no report";
const EVENTS: &str = "the Sentinel's events do not arrive";

/// The request for +multi, which comes before the others: inside of a transaction a server checks
/// the rights of a request, and executes none.
pub(super) const MULTI: Need = need("+multi", &["MULTI"], UNBLOCK);
/// The request for +discard, which comes behind them.
pub(super) const DISCARD: Need =
    need("+discard", &["DISCARD"], "a transaction that waits out a failover is not ended");
/// The request for +exec, outside of a transaction.
pub(super) const EXEC: Need = need("+exec", &["EXEC"], UNBLOCK);

/// A request of an operator, which the proxy needs only where clients may send such requests.
pub(super) const OPERATORS: Words = &["ACL", "LIST"];

/// What the proxy's login needs at every server, apart from the rights above.
const ALWAYS: [Need; 11] = [
    vital("+ping", &["PING"], "no connection is known to be alive"),
    vital("+role", &["ROLE"], "no server is known to be the master"),
    vital("+info", &["INFO", "replication"], "no replica's lag is known"),
    need("+command", &["COMMAND", "COUNT"], "commands of modules count as writes"),
    need("+select", &["SELECT", "0"], "clients cannot SELECT"),
    need("+client|setinfo", &["CLIENT", "SETINFO", "LIB-NAME", "tidegate"], SETINFO),
    need("+client|unblock", &["CLIENT", "UNBLOCK", "0", "TIMEOUT"], UNBLOCK),
    need("+pfcount ~tidegate", &["PFCOUNT", "tidegate"], UNBLOCK),
    need("+spublish &__tidegate:w_", &["SPUBLISH", "__tidegate:w_", ""], WAIT),
    need("+wait", &["WAIT", "0", "1"], WAIT),
    need("+pubsub|numsub", &["PUBSUB", "NUMSUB"], "Sentinels that watch the master are not seen"),
];

const FUNCTIONS: Need = need(
    "+function|list",
    &["FUNCTION", "LIST", "LIBRARYNAME", "tidegate"],
    "FCALL waits while CLIENT PAUSE stops writes",
);
const TOUCH: Need = need("+touch", &["TOUCH", "tidegate"], "reads.touch-master has no effect");

const OF_OPERATORS: [Need; 2] = [
    need("+failover", &["FAILOVER", "ABORT"], SWITCH),
    // The port is invalid: a server that executed this would go on following its master.
    need("+replicaof", &["REPLICAOF", "127.0.0.1", "x"], SWITCH),
];

const OF_READS: [Need; 2] = [
    need("+acl|whoami", &["ACL", "WHOAMI"], READS),
    need("+acl|getuser", &["ACL", "GETUSER", "default"], READS),
];

const OF_LINK: [Need; 4] = [
    vital("+ping", &["PING"], LINK),
    vital("+replconf", &["REPLCONF", "listening-port", "0"], LINK),
    vital("+psync", &["PSYNC", "?", "-1"], LINK),
    need("+config|get", &["CONFIG", "GET", "*-max-*"], "the engine packs values by defaults"),
];

/// What the proxy's login needs at a server.
pub(super) fn of_proxy(config: &Config) -> Vec<Need> {
    let mut needs: Vec<_> = ALWAYS.to_vec();
    for need in needs.iter_mut().filter(|need| need.without == WAIT) {
        need.is_vital = config.writes.wait_replicas > 0;
    }
    needs.push(FUNCTIONS);
    if config.reads.touch_master != TouchMaster::Off {
        needs.push(TOUCH);
    }
    if config.admin.commands == AdminCommands::Master {
        needs.extend(OF_OPERATORS);
    }
    if config.replica.enabled {
        needs.extend(OF_READS);
        if config.replica.masterauth.is_empty() {
            needs.extend(&OF_LINK[1..]);
        }
    }
    needs
}

/// What the engine's own login needs at a server; `None` if the engine has none.
pub(super) fn of_engine(config: &Config) -> Option<Vec<Need>> {
    let has_own = config.replica.enabled && !config.replica.masterauth.is_empty();
    has_own.then(|| OF_LINK.to_vec())
}

/// What the proxy's login needs at a Sentinel. A Sentinel has no transactions, so it executes these:
/// none changes anything, and no master has the name in the last one.
pub(super) const OF_SENTINEL: [Need; 10] = [
    vital("+ping", &["PING"], EVENTS),
    need("+client|setinfo", &["CLIENT", "SETINFO", "LIB-NAME", "tidegate"], SETINFO),
    need("+sentinel|myid", &["SENTINEL", "MYID"], "the Sentinel is known by its address only"),
    vital(
        "+sentinel|get-master-addr-by-name",
        &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NO_MASTER],
        REPORT,
    ),
    vital("+sentinel|master", &["SENTINEL", "MASTER", NO_MASTER], REPORT),
    vital("+sentinel|replicas", &["SENTINEL", "REPLICAS", NO_MASTER], REPORT),
    vital("+sentinel|sentinels", &["SENTINEL", "SENTINELS", NO_MASTER], REPORT),
    need("+sentinel|failover", &["SENTINEL", "FAILOVER", NO_MASTER], SWITCH),
    need("+subscribe &*", &["SUBSCRIBE", "+switch-master"], EVENTS),
    need("+psubscribe &*", &["PSUBSCRIBE", "+failover-*"], EVENTS),
];

/// A name that no operator gives a master.
const NO_MASTER: &str = "tidegate asks for its rights";
