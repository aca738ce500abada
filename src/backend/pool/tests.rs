//! The connection that a key gets. No driver runs; the tests do its work.

use std::convert::Infallible;

use tokio::task::LocalSet;

use super::*;
use crate::backend::Ticket;
use crate::config::Secret;

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";

pub(super) fn backend() -> Backend {
    Backend {
        id: BackendId(1),
        addr: HostPort::local(1),
        endpoint: None,
        role: Role::Master,
        weight: 1,
        scan_tag: 0,
        data_epoch: 0,
        excluded: None,
        is_local: false,
        pass: 0,
        health: Arc::default(),
    }
}

pub(super) fn key(user: &str, password: &str) -> ConnectionKey {
    ConnectionKey::new(Credentials::new(user, Secret::new(password)))
}

/// An empty pool.
pub(super) fn pool() -> Pool {
    let options = DialOptions {
        connect_timeout: Duration::from_secs(1),
        request_timeout: None,
        connecting: Connecting::default(),
        login: Credentials::new("", Secret::default()),
    };
    let epoch = Instant::now();
    let (scratch, suspect) = Default::default();
    Pool::new(options, scratch, epoch, suspect, Board::new(epoch), Rc::default())
}

/// Runs `test` with an empty pool.
fn with_pool(test: impl FnOnce(&mut Pool)) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        test(&mut pool());
    });
}

/// Asks a question over `connection`.
fn ask(connection: &Connection, inbox: &Rc<Inbox>) {
    let seq = inbox.replies().open(1, true);
    let ticket = Ticket::new(Rc::clone(inbox), seq, 1, PING.len(), Instant::now());
    connection.send(PING, ticket);
    connection.send_with(|bytes| Ok::<_, Infallible>(Some(bytes.len()))).expect("sent");
}

#[test]
fn two_logins_never_share_a_connection() {
    with_pool(|pool| {
        let (server, inbox, now) = (backend(), Rc::default(), Instant::now());
        let keys = [key("app", "x"), key("app", "y"), key("", "x"), key("", "")];
        let shared = keys.clone().map(|key| pool.shared(&server, key));
        let leased = keys.clone().map(|key| pool.lease(&server, key, &inbox));
        for (at, one) in shared.iter().enumerate() {
            assert!(shared[..at].iter().all(|other| !Rc::ptr_eq(one, other)));
        }
        for lease in &leased {
            lease.opened(1, 0);
            pool.release(lease, now);
        }
        // Each comes back to its own login.
        for (at, key) in keys.into_iter().enumerate().rev() {
            assert!(Rc::ptr_eq(&pool.shared(&server, key.clone()), &shared[at]));
            assert!(Rc::ptr_eq(&pool.lease(&server, key, &inbox), &leased[at]));
        }
    });
}

#[test]
fn a_connection_with_a_former_login_answers_what_is_under_way_and_is_closed() {
    with_pool(|pool| {
        let (server, inbox, now) = (backend(), Rc::default(), Instant::now());
        let (old, new) = (key("app", "x"), key("app", "y"));
        let busy = pool.shared(&server, old.clone());
        let quiet = pool.shared(&server, ConnectionKey { db: 3, ..old.clone() });
        let [idle, leased] = [(); 2].map(|()| pool.lease(&server, old.clone(), &inbox));
        let other = pool.shared(&server, new);
        for connection in [&busy, &quiet, &idle, &leased, &other] {
            connection.opened(1, 0);
        }
        pool.release(&idle, now);
        ask(&busy, &inbox);
        pool.retire(&old.credentials);
        pool.tick(now);
        assert!(quiet.is_closed() && idle.is_closed());
        assert!(!busy.is_closed() && !leased.is_closed() && !other.is_closed());
        // Even the same login gets another one, should the configuration return to it.
        assert!(!Rc::ptr_eq(&pool.shared(&server, old.clone()), &busy));
        busy.receive(b"+PONG\r\n", now).expect("a reply");
        pool.tick(now);
        pool.release(&leased, now);
        assert!(busy.is_closed() && leased.is_closed() && !other.is_closed());
        assert_eq!(inbox.replies().take_ready(), b"+PONG\r\n");
    });
}

#[test]
fn a_connection_with_a_new_login_is_no_reconnect() {
    with_pool(|pool| {
        let server = backend();
        let (old, new) = (key("", "x"), key("", "y"));
        for (key, reconnects) in [(&old, 0), (&new, 0), (&old, 1)] {
            let connection = pool.shared(&server, key.clone());
            connection.opened(1, 0);
            connection.close("the server closed it");
            assert_eq!(pool.load(&server).reconnects.take(), reconnects);
        }
        pool.retire(&old.credentials);
        pool.shared(&server, old).opened(1, 0);
        assert_eq!(pool.load(&server).reconnects.take(), 0);
    });
}
