//! One Sentinel's answers about one master.

use std::collections::HashMap;

use super::event::FailoverStage;
use tidegate_wire::units::HostPort;

/// The fields of one server in a reply of `SENTINEL MASTER`, `REPLICAS` or `SENTINELS`.
pub type Fields = HashMap<String, String>;

/// The most replicas, and the most other Sentinels, that are taken from one report.
const LISTED_MAX: usize = 1024;

/// One Sentinel's answers about one master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The Sentinel's id (`SENTINEL MYID`); `None` before Redis 6.2.
    pub run_id: Option<String>,
    /// The master's address (`SENTINEL GET-MASTER-ADDR-BY-NAME`). During a failover that is the
    /// chosen replica as soon as it is promoted (`sentinelGetCurrentMasterAddress`).
    pub master: HostPort,
    /// The run id of the server at that address, if the Sentinel knows it.
    pub master_run_id: Option<String>,
    /// The configuration epoch of that address. 0 is the address in the Sentinel's own file.
    pub epoch: u64,
    /// The Sentinels that have to agree that the master is down.
    pub quorum: u32,
    /// How far the failover is that the Sentinel leads; `None` if it leads none.
    pub failover: Option<FailoverStage>,
    /// Whether the Sentinel counts the master as objectively down.
    pub is_master_down: bool,
    /// The master's replicas, as the Sentinel knows them.
    pub replicas: Vec<ReportedReplica>,
    /// The other Sentinels of this master: run id and address.
    pub others: Vec<(String, HostPort)>,
}

/// A replica in a Sentinel's report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedReplica {
    /// Where it listens.
    pub addr: HostPort,
    /// Its run id, if the Sentinel knows it.
    pub run_id: Option<String>,
    /// Whether the Sentinel counts it as down, or has no connection to it.
    pub is_down: bool,
}

/// Why a Sentinel's answers are no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The Sentinel watches no master of this name.
    #[error("it watches no master of this name")]
    UnknownMaster,
    /// A field is missing or has no valid value.
    #[error("the field {0:?} of its reply is missing or wrong")]
    Field(&'static str),
}

impl Report {
    /// Reads the answers: `addr` is the reply to `GET-MASTER-ADDR-BY-NAME`, the others are those to
    /// `MASTER`, `REPLICAS` and `SENTINELS`.
    ///
    /// # Errors
    /// [`ReportError`] where an answer lacks what every Sentinel since 2.8 says.
    pub fn read(
        run_id: Option<&str>,
        addr: Option<(&str, &str)>,
        master: &Fields,
        (replicas, sentinels): (&[Fields], &[Fields]),
    ) -> Result<Self, ReportError> {
        let (host, port) = addr.ok_or(ReportError::UnknownMaster)?;
        let at = server(host, port).ok_or(ReportError::Field("port"))?;
        let flags = master.get("flags").ok_or(ReportError::Field("flags"))?;
        // During a failover the fields are still those of the former master.
        let is_same = own_addr(master).as_ref() == Some(&at);
        Ok(Self {
            run_id: run_id.map(str::to_owned),
            master: at,
            master_run_id: run_id_of(master).filter(|_| is_same),
            epoch: number(master, "config-epoch")?,
            quorum: number(master, "quorum")?,
            failover: has_flag(flags, &["failover_in_progress"]).then(|| stage(master)),
            is_master_down: has_flag(flags, &["o_down"]),
            replicas: replicas.iter().filter_map(replica).take(LISTED_MAX).collect(),
            others: sentinels.iter().filter_map(other).take(LISTED_MAX).collect(),
        })
    }
}

/// How far the failover is that the fields of a master tell of (`sentinelFailoverStateStr`).
fn stage(master: &Fields) -> FailoverStage {
    match master.get("failover-state").map(String::as_str) {
        Some("select_slave") => FailoverStage::Chosen,
        Some("send_slaveof_noone" | "wait_promotion") => FailoverStage::Promoting,
        Some("reconf_slaves" | "update_config") => FailoverStage::Promoted,
        _ => FailoverStage::Tried,
    }
}

fn number<T: std::str::FromStr>(fields: &Fields, name: &'static str) -> Result<T, ReportError> {
    fields.get(name).and_then(|text| text.parse().ok()).ok_or(ReportError::Field(name))
}

/// Whether one of `names` is among comma-separated flags.
fn has_flag(flags: &str, names: &[&str]) -> bool {
    flags.split(',').any(|flag| names.contains(&flag))
}

/// An address in two parts; `None` if a server cannot listen there.
fn server(host: &str, port: &str) -> Option<HostPort> {
    HostPort::of(host, port).ok().filter(|addr| addr.port != 0)
}

/// Where a server listens; `None` for one whose address the Sentinel does not know yet.
fn own_addr(fields: &Fields) -> Option<HostPort> {
    server(fields.get("ip")?, fields.get("port")?)
}

fn run_id_of(fields: &Fields) -> Option<String> {
    fields.get("runid").filter(|id| !id.is_empty()).cloned()
}

fn replica(fields: &Fields) -> Option<ReportedReplica> {
    let flags = fields.get("flags")?;
    let is_down = has_flag(flags, &["s_down", "o_down", "disconnected"]);
    Some(ReportedReplica { addr: own_addr(fields)?, run_id: run_id_of(fields), is_down })
}

fn other(fields: &Fields) -> Option<(String, HostPort)> {
    Some((run_id_of(fields)?, own_addr(fields)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of a line `name=value ...`, as redis-cli shows them of a Sentinel of Redis 7.0.
    fn fields(line: &str) -> Fields {
        let pairs = line.split(' ').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    const MASTER: &str = "name=mymaster ip=127.0.0.1 port=7801 runid=d34a flags=master \
                          role-reported=master config-epoch=4 num-slaves=1 \
                          num-other-sentinels=2 quorum=2 failover-timeout=10000";

    #[test]
    fn a_report_has_what_a_sentinel_answers() {
        let replicas = [
            fields("ip=127.0.0.1 port=7802 flags=slave master-link-status=ok slave-priority=100"),
            fields("ip=10.0.0.9 port=7803 flags=s_down,slave,disconnected"),
            fields("ip= port=0 flags=slave"),
        ];
        let sentinels = [
            fields("ip=127.0.0.1 port=7812 runid=39c4 flags=sentinel"),
            fields("ip=127.0.0.1 port=7813 runid= flags=sentinel"),
        ];
        let master = fields(MASTER);
        let lists = (&replicas[..], &sentinels[..]);
        let report = Report::read(Some("e8b8"), Some(("127.0.0.1", "7801")), &master, lists);
        let report = report.expect("it is complete");
        assert_eq!((report.master, report.epoch, report.quorum), (HostPort::local(7801), 4, 2));
        assert_eq!((report.failover, report.is_master_down), (None, false));
        assert_eq!(report.master_run_id.as_deref(), Some("d34a"));
        let replicas: Vec<_> =
            report.replicas.iter().map(|it| (it.addr.to_string(), it.is_down)).collect();
        let expected = [("127.0.0.1:7802".to_owned(), false), ("10.0.0.9:7803".to_owned(), true)];
        assert_eq!(replicas, expected);
        assert_eq!(report.others, [("39c4".to_owned(), HostPort::local(7812))]);
    }

    #[test]
    fn a_failover_is_seen_before_the_address_changes() {
        let read = |changes: &[(&str, &str)], at: &str| {
            let mut master = fields(MASTER);
            for (name, value) in changes {
                master.insert((*name).to_owned(), (*value).to_owned());
            }
            Report::read(Some("e8b8"), Some(("127.0.0.1", at)), &master, (&[], &[])).unwrap()
        };
        let flags = ("flags", "master,failover_in_progress,force_failover");
        for (state, stage) in [
            ("wait_start", FailoverStage::Tried),
            ("select_slave", FailoverStage::Chosen),
            ("send_slaveof_noone", FailoverStage::Promoting),
            ("wait_promotion", FailoverStage::Promoting),
            ("reconf_slaves", FailoverStage::Promoted),
        ] {
            let report = read(&[flags, ("failover-state", state)], "7801");
            assert_eq!(report.failover, Some(stage), "{state}");
        }
        assert!(read(&[("flags", "s_down,o_down,master")], "7801").is_master_down);
        assert!(!read(&[("flags", "s_down,master")], "7801").is_master_down, "one opinion");
        let promoted = read(&[flags, ("failover-state", "reconf_slaves")], "7802");
        assert_eq!(promoted.master_run_id, None, "the fields are the former master's");
    }

    #[test]
    fn endless_lists_are_cut() {
        let many: Vec<_> = (0..5_000)
            .map(|n| {
                fields(&format!("ip=10.0.{}.{} port=7 runid={n} flags=slave", n / 250, n % 250))
            })
            .collect();
        let addr = Some(("127.0.0.1", "7801"));
        let report = Report::read(None, addr, &fields(MASTER), (&many, &many)).unwrap();
        assert_eq!((report.replicas.len(), report.others.len()), (LISTED_MAX, LISTED_MAX));
    }

    #[test]
    fn an_incomplete_answer_names_the_field() {
        let master = fields(MASTER);
        let read = |master: &Fields, addr| Report::read(Some("e8b8"), addr, master, (&[], &[]));
        assert_eq!(read(&master, None), Err(ReportError::UnknownMaster));
        assert_eq!(read(&master, Some(("a", "0"))), Err(ReportError::Field("port")));
        assert_eq!(read(&master, Some(("a", "x"))), Err(ReportError::Field("port")));
        for name in ["flags", "config-epoch", "quorum"] {
            let mut lacking = master.clone();
            lacking.remove(name);
            assert_eq!(read(&lacking, Some(("a", "1"))), Err(ReportError::Field(name)));
        }
    }
}
