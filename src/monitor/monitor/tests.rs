//! The waits between rounds, without a server.

use super::*;

#[tokio::test]
async fn short_questions_go_on_when_the_next_round_comes_soon() {
    let config = Arc::new(ArcSwap::from_pointee(Config::default()));
    let topology = Arc::new(ArcSwap::from_pointee(Topology::default()));
    let mut monitor = Monitor::new(config, topology, Arc::default(), Instant::now());
    let first = monitor.schedule.beat.next();
    monitor.schedule.note_change(true);
    monitor.wait_for_round(first + Duration::from_secs(1)).await;
    assert!(Instant::now() >= Schedule::soonest(first + Duration::from_secs(1)));
    assert!(monitor.schedule.beat.next() > first, "the beat that was due has been taken");
}
