//! How many leased connections are in set-up at a time. Fake servers count them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use tidegate_test_support::{Call, FakeMaster};
use tokio::task::LocalSet;
use tokio::time::sleep;

use super::tests::{backend, key, pool};
use super::*;
use crate::backend::setup::AT_ONCE;

const SESSIONS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server counts that sets up one connection at a time, each in some milliseconds.
#[derive(Debug, Default)]
struct Counts {
    one_at_a_time: Mutex<()>,
    in_setup: AtomicUsize,
    most: AtomicUsize,
    accepted: AtomicUsize,
}

impl Counts {
    #[expect(clippy::disallowed_methods, reason = "the server has threads of its own")]
    fn set_up(&self, call: &mut Call, answers: bool) -> std::io::Result<()> {
        self.accepted.fetch_add(1, SeqCst);
        let in_setup = self.in_setup.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(in_setup, SeqCst);
        if answers {
            let _turn = self.one_at_a_time.lock().unwrap();
            thread::sleep(Duration::from_millis(2));
            for answer in ["*2\r\n$2\r\nid\r\n:7\r\n", "+OK\r\n"] {
                call.words()?;
                call.send(answer)?;
            }
            call.words()?;
            self.in_setup.fetch_sub(1, SeqCst);
            call.send("$8\r\nrun_id:1\r\n")?;
        }
        call.hold()
    }

    fn accepted(&self) -> usize {
        self.accepted.load(SeqCst)
    }
}

/// Runs `test` with leases of so many sessions to a server, which may give no answers.
fn with_leases(answers: bool, test: impl AsyncFnOnce(&Counts, &[Rc<Connection>])) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let counts = Arc::<Counts>::default();
        let server = FakeMaster::start({
            let counts = Arc::clone(&counts);
            move |call| counts.set_up(call, answers)
        });
        let (mut pool, backend) = (pool(), Backend { endpoint: Some(server.addr()), ..backend() });
        let connect_timeout = if answers { PATIENCE } else { Duration::from_millis(200) };
        pool.set_dial_options(DialOptions { connect_timeout, ..pool.target.clone() });
        let leases: Vec<_> = (0..SESSIONS)
            .map(|_| pool.lease(&backend, key("", ""), &Rc::<Inbox>::default()))
            .collect();
        test(&counts, &leases).await;
    });
}

async fn until(holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}");
        sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn few_leases_are_in_set_up_at_a_time_and_all_succeed() {
    with_leases(true, async |server, leases| {
        until(|| leases.iter().all(|it| it.is_closed() || it.server_id().is_some())).await;
        let failed = leases.iter().filter(|it| it.is_closed()).count();
        assert_eq!((failed, server.accepted()), (0, SESSIONS));
        assert!((2..=AT_ONCE).contains(&server.most.load(SeqCst)), "{}", server.most.load(SeqCst));
    });
}

#[test]
fn leases_that_wait_for_a_server_that_does_not_answer_fail_with_the_first_ones() {
    with_leases(false, async |server, leases| {
        until(|| leases.iter().all(|it| it.is_closed())).await;
        // When the first fails, the next one begins, until as many have failed in a row.
        assert!(server.accepted() < 2 * AT_ONCE, "{}", server.accepted());
    });
}

#[test]
fn a_lease_that_ends_before_its_turn_is_not_begun() {
    with_leases(true, async |server, leases| {
        leases[AT_ONCE..].iter().for_each(|it| it.close("its session ended"));
        until(|| leases[..AT_ONCE].iter().all(|it| it.server_id().is_some())).await;
        sleep(Duration::from_millis(20)).await;
        assert_eq!(server.accepted(), AT_ONCE);
    });
}
