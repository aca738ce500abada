//! The open connections at `metrics.listen`, and which of them is closed for a new one.

use std::cell::Cell;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::rc::Rc;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

/// The most connections at a time.
const CONNECTIONS_MAX: usize = 64;
/// The most connections of one address at a time. Beyond it a new connection replaces an older one
/// of the same address, so that one address cannot close the connections of the others.
const OF_ADDRESS_MAX: usize = 48;

/// The open connections, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Connections {
    open: VecDeque<Connection>,
    tasks: JoinSet<()>,
}

/// One open connection, with the task that serves it.
#[derive(Debug)]
struct Connection {
    addr: IpAddr,
    has_asked: HasAsked,
    task: AbortHandle,
}

/// Whether a connection has sent a complete request.
#[derive(Clone, Debug, Default)]
pub(super) struct HasAsked(Rc<Cell<bool>>);

impl HasAsked {
    /// Notes that the connection has sent a complete request.
    pub(super) fn set(&self) {
        self.0.set(true);
    }
}

impl Connections {
    /// Serves a connection from `addr` with the task that `serve` returns. If there are too many,
    /// closes the oldest that has sent no complete request, else the oldest.
    pub(super) fn admit<F>(&mut self, addr: IpAddr, serve: impl FnOnce(HasAsked) -> F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.make_room(addr);
        let has_asked = HasAsked::default();
        let task = self.tasks.spawn_local(serve(has_asked.clone()));
        self.open.push_back(Connection { addr, has_asked, task });
    }

    /// Waits until a connection ends; returns the panic if one ended it. Pending while there is no
    /// connection. Nothing is lost if the future is dropped.
    pub(super) async fn ended(&mut self) -> Option<JoinError> {
        match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => self.forget(id),
            Some(Err(error)) => {
                self.forget(error.id());
                return error.is_panic().then_some(error);
            }
            None => std::future::pending().await,
        }
        None
    }

    fn forget(&mut self, id: Id) {
        self.open.retain(|it| it.task.id() != id);
    }

    fn make_room(&mut self, addr: IpAddr) {
        let is_crowded = self.open.iter().filter(|it| it.addr == addr).count() >= OF_ADDRESS_MAX;
        if self.open.len() < CONNECTIONS_MAX && !is_crowded {
            return;
        }
        let may_go = |it: &Connection| !is_crowded || it.addr == addr;
        let silent = self.open.iter().position(|it| may_go(it) && !it.has_asked.0.get());
        let leaves = silent.or_else(|| self.open.iter().position(may_go));
        if let Some(connection) = leaves.and_then(|at| self.open.remove(at)) {
            connection.task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    /// Opens a connection that has sent a request, or has not.
    fn admit(connections: &mut Connections, last: u8, asks: bool) {
        connections.admit(addr(last), |asked| async move {
            if asks {
                asked.set();
            }
            std::future::pending().await
        });
        if asks {
            connections.open.back().unwrap().has_asked.set();
        }
    }

    fn count(connections: &Connections, last: u8) -> usize {
        connections.open.iter().filter(|it| it.addr == addr(last)).count()
    }

    #[tokio::test]
    async fn the_oldest_connection_without_a_request_is_closed() {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let mut connections = Connections::default();
                admit(&mut connections, 1, true);
                (0..1_000).for_each(|_| admit(&mut connections, 2, false));
                assert_eq!((count(&connections, 1), count(&connections, 2)), (1, OF_ADDRESS_MAX));
                // More connections of another address take the free places, then those without a
                // request.
                (0..1_000).for_each(|_| admit(&mut connections, 3, false));
                assert_eq!(connections.open.len(), CONNECTIONS_MAX);
                assert_eq!(count(&connections, 1), 1, "it has sent a request");
                admit(&mut connections, 4, false);
                assert_eq!((count(&connections, 4), connections.open.len()), (1, CONNECTIONS_MAX));
                // A closed connection's task ends; the connection was removed before.
                while connections.tasks.len() > CONNECTIONS_MAX {
                    assert!(connections.ended().await.is_none());
                }
                assert_eq!(connections.open.len(), CONNECTIONS_MAX);
                // If all have sent a request, the oldest is closed.
                (0..CONNECTIONS_MAX)
                    .for_each(|at| admit(&mut connections, 10 + u8::from(at % 2 == 0), true));
                admit(&mut connections, 9, false);
                assert_eq!((count(&connections, 1), count(&connections, 9)), (0, 1));
            })
            .await;
    }

    #[tokio::test]
    async fn a_panic_is_returned_and_its_connection_removed() {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let mut connections = Connections::default();
                connections.admit(addr(1), |_| async { panic!("x") });
                assert!(connections.ended().await.is_some_and(|error| error.is_panic()));
                assert!(connections.open.is_empty());
            })
            .await;
    }
}
