//! What the monitor costs the servers.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::*;

/// CPU time of a server's main thread, in nanoseconds.
fn cpu_ns(server: &RedisServer) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/schedstat", server.pid())).unwrap();
    stat.split_whitespace().next().unwrap().parse().unwrap()
}

/// The share of one core that `server` takes, in percent.
fn share(server: &RedisServer, time: Duration) -> f64 {
    let before = cpu_ns(server);
    thread::sleep(time);
    (cpu_ns(server) - before) as f64 / time.as_nanos() as f64 * 100.0
}

/// How many INFO commands the master gets per second; they cost it less than a hundredth of a core.
pub fn questions_a_second() -> f64 {
    let master = RedisServer::spawn(Flavor::Redis70);
    let replicas: Vec<RedisServer> = (0..10)
        .map(|_| {
            let replica = RedisServer::builder(Flavor::Redis70).replica_of(master.addr()).start();
            master.wait_attached(&replica);
            replica
        })
        .collect();
    let addrs: Vec<_> = replicas.iter().map(RedisServer::addr).collect();
    let time = Duration::from_secs(3);
    let alone = share(&master, time);
    let proxy = ConfigBuilder::new(master.addr(), &addrs).start();
    let mut wire = proxy.wire();
    for replica in &addrs {
        eventually(PATIENCE, || {
            let line = ReplicaLine::find(&mut wire, *replica)?;
            if line.is_fresh() { Ok(()) } else { Err(format!("{line:?}")) }
        });
    }
    let (asked, began) = (master.calls("info"), Instant::now());
    let (probed, of_replica) = (share(&master, time), share(&replicas[0], time));
    let (asked, took) = (master.calls("info") - asked, began.elapsed().as_secs_f64());
    eprintln!(
        "the master: {alone:.2} % of a core alone, {probed:.2} % with probes; \
         {asked} INFO in {:?}; a replica with probes: {of_replica:.2} %",
        time * 2
    );
    assert!(probed - alone < 1.0, "{alone:.2} % alone, {probed:.2} % with probes");
    // It is asked forty times a second, and not much more; a busy machine asks less often.
    assert!(asked > 0 && (asked as f64) < 66.0 * took, "{asked} in {took:.1} s");
    asked as f64 / took
}

/// `latency` judges that the questions keep their rate.
#[test]
fn probes_cost_a_master_with_ten_replicas_less_than_one_percent() {
    questions_a_second();
}
