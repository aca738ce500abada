//! A server's place in the replication stream, from its reply to `INFO replication`.

use redis_protocol::resp2::types::BytesFrame;

use super::info::Info;
use super::role::{attached, role_of_info};
use crate::config::HostPort;
use crate::engine::COUNTS_FIELD;
use crate::topology::{LinkState, Sample, ServerRole};

/// When a question was sent and its answer received, in milliseconds of the process's clock.
#[derive(Clone, Copy, Debug)]
pub(in crate::monitor) struct Asked {
    pub(in crate::monitor) sent_ms: u64,
    pub(in crate::monitor) received_ms: u64,
    pub(in crate::monitor) took_us: u64,
}

/// Reads the reply to `INFO replication`, or to several sections of which that is one. `None` if it
/// has no role.
pub(in crate::monitor) fn sample(
    replies: &[BytesFrame],
    asked: Asked,
    addrs: Vec<HostPort>,
) -> Option<Sample> {
    let info = Info::new(replies);
    let role = role_of_info(&info)?;
    let number = |field: &str| info.get(field)?.parse::<u64>().ok();
    let (offset, attached) = match &role {
        ServerRole::Master { .. } => (number("master_repl_offset"), attached(&info)),
        // During a full sync its offset means nothing.
        ServerRole::Replica { link: LinkState::Syncing, .. } => (None, Vec::new()),
        // The replicas of an engine are a tier below it.
        ServerRole::Replica { .. } if info.get(COUNTS_FIELD).is_some() => {
            (number("slave_repl_offset"), attached(&info))
        }
        ServerRole::Replica { .. } => (number("slave_repl_offset"), Vec::new()),
        ServerRole::Other(_) => (None, Vec::new()),
    };
    Some(Sample {
        role,
        replid: info.word("master_replid"),
        offset,
        end: number("master_repl_offset"),
        replid2: info.word("master_replid2"),
        second_offset: number("second_repl_offset"),
        attached,
        is_failing_over: info
            .get("master_failover_state")
            .is_some_and(|state| state != "no-failover"),
        loading: info.get("loading") == Some("1"),
        counts: info.get(COUNTS_FIELD) != Some("0"),
        addrs,
        sent_ms: asked.sent_ms,
        received_ms: asked.received_ms,
        took_us: asked.took_us,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::Attached;

    fn read(text: &str) -> Option<Sample> {
        let frame = BytesFrame::BulkString(text.replace('\n', "\r\n").into());
        sample(&[frame], Asked { sent_ms: 5, received_ms: 7, took_us: 1900 }, Vec::new())
    }

    #[test]
    fn a_master_tells_its_offset_and_its_replicas() {
        let text = "# Replication\nrole:master\nconnected_slaves:3\n\
            slave0:ip=127.0.0.1,port=6380,state=online,offset=480,lag=0,type=replica\n\
            slave1:ip=::1,port=6381,state=online,offset=470,lag=1\n\
            slave2:ip=127.0.0.1,port=6382,state=wait_bgsave,offset=0,lag=0\n\
            master_replid:abc\nmaster_repl_offset:481\n";
        let sample = read(text).unwrap();
        assert_eq!((sample.offset, &*sample.replid), (Some(481), "abc"));
        assert_eq!((sample.sent_ms, sample.received_ms), (5, 7));
        let shown = |one: &Attached| (one.addr.to_string(), one.offset);
        let attached: Vec<_> = sample.attached.iter().map(shown).collect();
        assert_eq!(sample.attached.iter().map(|one| one.age_ms).collect::<Vec<_>>(), [1000, 2000]);
        assert_eq!(attached, [("127.0.0.1:6380".to_owned(), 480), ("[::1]:6381".to_owned(), 470)]);
        let ServerRole::Master { replicas } = sample.role else { panic!("no master") };
        assert_eq!(replicas.len(), 2);
    }

    /// All servers do so for a moment at the turn of a second: they take the time of an ack from
    /// another clock than the present time.
    #[test]
    fn an_ack_of_the_next_second_is_that_of_an_attached_replica() {
        let lags = |lags: [i64; 3]| {
            let line = |(n, lag): (usize, &i64)| {
                format!("slave{n}:ip=h,port={},state=online,offset=480,lag={lag}\n", n + 1)
            };
            let lines: String = lags.iter().enumerate().map(line).collect();
            read(&format!("role:master\n{lines}master_replid:abc\nmaster_repl_offset:481\n"))
                .unwrap()
        };
        let before = lags([0, 0, 0]);
        let sample = lags([-1, 0, -60]);
        assert_eq!(sample.role, before.role, "the list of replicas is the same");
        let ages: Vec<_> = sample.attached.iter().map(|one| one.age_ms).collect();
        assert_eq!(ages, [1000, 1000, u64::MAX], "a clock that was set back tells no age");
    }

    #[test]
    fn a_replica_tells_what_it_applied() {
        let text = |link: &str| {
            format!(
                "role:slave\nmaster_host:127.0.0.1\nmaster_port:6379\n{link}\n\
                 slave_read_repl_offset:900\nslave_repl_offset:880\nmaster_replid:abc\n"
            )
        };
        let up = read(&text("master_link_status:up\nmaster_sync_in_progress:0")).unwrap();
        assert_eq!(up.offset, Some(880));
        assert!(matches!(up.role, ServerRole::Replica { link: LinkState::Up, .. }));
        let syncing = read(&text("master_link_status:down\nmaster_sync_in_progress:1")).unwrap();
        assert_eq!(syncing.offset, None);
    }

    #[test]
    fn every_server_tells_its_histories() {
        let text = "role:slave\nmaster_host:127.0.0.1\nmaster_port:6379\n\
            master_link_status:down\nmaster_sync_in_progress:1\nslave_repl_offset:0\n\
            master_replid:abc\nmaster_replid2:old\nmaster_repl_offset:120\n\
            second_repl_offset:101\n";
        let syncing = read(text).unwrap();
        // What it has from before the sync.
        assert_eq!((&*syncing.replid, syncing.offset, syncing.end), ("abc", None, Some(120)));
        assert_eq!((&*syncing.replid2, syncing.second_offset), ("old", Some(101)));
        assert_eq!(read("role:master\nsecond_repl_offset:-1\n").unwrap().second_offset, None);
    }

    #[test]
    fn nonsense_is_no_offset() {
        assert_eq!(read("role:master\nmaster_repl_offset:-1\n").unwrap().offset, None);
        let odd = "role:master\nslave0:ip=a\nslave1:\nslave2:state=online,ip=h,port=x,offset=1\n";
        assert_eq!(read(odd).unwrap().attached, []);
        assert!(read("nothing\n").is_none());
    }
}
