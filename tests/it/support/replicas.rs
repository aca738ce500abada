//! What the proxy says of its replicas (`INFO proxy`), and a master whose replicas' links can be
//! tampered with.

use std::net::SocketAddr;

use super::*;

/// A replica as the proxy sees it.
#[derive(Clone, Debug)]
pub struct ReplicaLine(String);

impl ReplicaLine {
    #[track_caller]
    pub fn of(proxy: &mut Wire, replica: SocketAddr) -> Self {
        Self::find(proxy, replica).unwrap_or_else(|text| panic!("{replica} is not in {text}"))
    }

    /// `Err` is all that the proxy said, if it knows no such replica.
    #[track_caller]
    pub fn find(proxy: &mut Wire, replica: SocketAddr) -> Result<Self, String> {
        let text = proxy.cmd(&["INFO", "proxy"]).str().to_owned();
        let line = text.lines().find(|line| line.contains(&format!("addr={replica},")));
        line.map(|line| Self(line.to_owned())).ok_or_else(|| text.clone())
    }

    #[track_caller]
    pub fn get(&self, field: &str) -> &str {
        let start = format!("{field}=");
        let found = self.0.split([',', ':']).find_map(|part| part.strip_prefix(&*start));
        found.unwrap_or_else(|| panic!("no {field} in {self:?}"))
    }

    #[track_caller]
    pub fn int(&self, field: &str) -> i64 {
        self.get(field).parse().unwrap()
    }

    pub fn is_fresh(&self) -> bool {
        self.get("state") == "fresh"
    }

    pub fn serves(&self) -> bool {
        self.get("reads") == "yes"
    }
}

/// Waits until a replica that is proven fresh answers a GET of `key`.
#[track_caller]
pub fn wait_read_fresh(wire: &mut Wire, key: &str) {
    eventually(PATIENCE, || {
        let explained = wire.cmd(&["PROXY", "EXPLAIN", "GET", key]).pairs();
        let why = explained.iter().find(|(key, _)| key.str() == "why").unwrap().1.clone();
        match why.str() {
            why if why.contains("proven to be fresh") => Ok(()),
            why => Err(why.to_owned()),
        }
    });
}

/// Waits until reads may go to so many replicas.
#[track_caller]
pub fn wait_serving(proxy: &Tidegate, replicas: usize) {
    let mut wire = proxy.wire();
    eventually(PATIENCE, || {
        let all = topology(&mut wire);
        let serves = |it: &&serde_json::Value| it["role"] == "replica" && it["reads"] == true;
        match all["backends"].as_array().unwrap().iter().filter(serves).count() {
            count if count == replicas => Ok(()),
            _ => Err(all.to_string()),
        }
    });
}

/// A master and two replicas; the links of both pass a [`FaultProxy`].
#[derive(Debug)]
pub struct TamperedTrio {
    pub master: RedisServer,
    pub replicas: [RedisServer; 2],
    pub links: [FaultProxy; 2],
}

impl TamperedTrio {
    #[track_caller]
    pub fn spawn(flavor: Flavor) -> Self {
        let master = RedisServer::spawn(flavor);
        let one = || {
            let link = FaultProxy::start(master.addr());
            let replica = RedisServer::builder(flavor).replica_of(link.addr()).start();
            master.wait_attached(&replica);
            (replica, link)
        };
        let ((first, first_link), (second, second_link)) = (one(), one());
        let (replicas, links) = ([first, second], [first_link, second_link]);
        for replica in &replicas {
            master.wait_synced(replica);
        }
        Self { master, replicas, links }
    }

    pub fn replica_addrs(&self) -> [SocketAddr; 2] {
        [self.replicas[0].addr(), self.replicas[1].addr()]
    }

    pub fn config(&self) -> ConfigBuilder {
        ConfigBuilder::new(self.master.addr(), &self.replica_addrs())
    }
}
