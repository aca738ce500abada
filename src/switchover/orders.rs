//! What a planned failover tells the servers.

use std::time::Duration;

use super::error::SwitchoverError;
use crate::config::Config;
use crate::monitor::{Dial, Link, role_of, server_text, warning_of_watchers, watchers};
use crate::topology::{Backend, ServerRole};
use redis_protocol::resp2::types::BytesFrame;
use tidegate_wire::resp::integer;
use tidegate_wire::units::{HostPort, millis};

/// The longest answer to a command, in bytes.
const ANSWER_MAX: usize = 1024 * 1024;

/// A connection over which a server is given orders.
#[derive(Debug)]
pub(super) struct Orders {
    addr: HostPort,
    link: Link,
}

impl Orders {
    /// Connects, at the address that was proven, and logs in.
    pub(super) async fn open(server: &Backend, config: &Config) -> Result<Self, SwitchoverError> {
        Self::open_patiently(server, config, Duration::ZERO).await
    }

    /// As [`Self::open`]. Each answer may take `patience`: a server that runs a script answers when
    /// the script ends.
    pub(super) async fn open_patiently(
        server: &Backend,
        config: &Config,
        patience: Duration,
    ) -> Result<Self, SwitchoverError> {
        let dial = Dial::new(&server.addr, config).pinned_to(server.endpoint).patient(patience);
        Self::dial(&server.addr, dial).await
    }

    /// Connects in this way.
    pub(super) async fn dial(addr: &HostPort, dial: Dial) -> Result<Self, SwitchoverError> {
        match Link::open(&dial).await {
            Ok(link) => Ok(Self { addr: addr.clone(), link }),
            Err(error) => Err(SwitchoverError::Link(addr.clone(), error)),
        }
    }

    /// The replicas that are attached to it, by the addresses that they announce.
    pub(super) async fn replicas(&mut self) -> Result<Vec<HostPort>, SwitchoverError> {
        match role_of(&self.send("ROLE", &[b"ROLE"]).await?) {
            Some(ServerRole::Master { replicas }) => Ok(replicas),
            _ => Err(SwitchoverError::NoMaster),
        }
    }

    /// The warning that Sentinels watch it, if some do.
    pub(super) async fn warning(&mut self) -> Result<Option<String>, SwitchoverError> {
        let watchers = watchers(&mut self.link).await;
        let watchers = watchers.map_err(|error| SwitchoverError::Link(self.addr.clone(), error))?;
        Ok(warning_of_watchers(&self.addr, watchers))
    }

    /// `FAILOVER TO host port TIMEOUT ms`: it answers at once.
    pub(super) async fn fail_over(
        &mut self,
        to: &HostPort,
        timeout: Duration,
    ) -> Result<(), SwitchoverError> {
        let (port, ms) = (integer::text(to.port), integer::text(millis(timeout)));
        let words: [&[u8]; 6] = [b"FAILOVER", b"TO", to.host.as_bytes(), &port, b"TIMEOUT", &ms];
        self.send("FAILOVER", &words).await.map(drop)
    }

    /// `FAILOVER ABORT`.
    pub(super) async fn abort(&mut self) -> Result<(), SwitchoverError> {
        self.send("FAILOVER ABORT", &[b"FAILOVER", b"ABORT"]).await.map(drop)
    }

    /// Whether a master for which FAILOVER was accepted is a master that hands over to no replica:
    /// it has ended the failover.
    pub(super) async fn has_ended_failover(&mut self) -> Result<bool, SwitchoverError> {
        let reply = self.send("INFO", &[b"INFO", b"replication"]).await?;
        let BytesFrame::BulkString(text) = reply else { return Ok(false) };
        let has =
            |wanted: &[u8]| text.split(|byte| *byte == b'\n').any(|it| it.trim_ascii() == wanted);
        Ok(has(b"role:master") && has(b"master_failover_state:no-failover"))
    }

    /// `REPLICAOF host port`.
    pub(super) async fn follow(&mut self, master: &HostPort) -> Result<(), SwitchoverError> {
        let port = integer::text(master.port);
        self.send("REPLICAOF", &[b"REPLICAOF", master.host.as_bytes(), &port]).await.map(drop)
    }

    /// Asks a Sentinel for the address of the master `name`.
    pub(super) async fn sentinel_knows(&mut self, name: &str) -> Result<(), SwitchoverError> {
        const QUESTION: &str = "SENTINEL GET-MASTER-ADDR-BY-NAME";
        let words: [&[u8]; 3] = [b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", name.as_bytes()];
        match self.send(QUESTION, &words).await? {
            BytesFrame::Array(_) => Ok(()),
            _ => Err(SwitchoverError::Unwatched(self.addr.clone(), name.to_owned())),
        }
    }

    /// `SENTINEL FAILOVER name`.
    pub(super) async fn sentinel_failover(&mut self, name: &str) -> Result<(), SwitchoverError> {
        let words: [&[u8]; 3] = [b"SENTINEL", b"FAILOVER", name.as_bytes()];
        self.send("SENTINEL FAILOVER", &words).await.map(drop)
    }

    async fn send(
        &mut self,
        what: &'static str,
        words: &[&[u8]],
    ) -> Result<BytesFrame, SwitchoverError> {
        let replies = self.link.ask(&[words], ANSWER_MAX).await;
        let replies = replies.map_err(|error| SwitchoverError::Link(self.addr.clone(), error))?;
        match replies.into_iter().next() {
            Some(BytesFrame::Error(error)) => {
                Err(SwitchoverError::Refused(self.addr.clone(), what, server_text(&error)))
            }
            Some(reply) => Ok(reply),
            None => Ok(BytesFrame::Null),
        }
    }
}
