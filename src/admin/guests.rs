//! The connections that are open at `metrics.listen`, and which of them makes room for a new one.

use std::cell::Cell;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::rc::Rc;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

/// Connections at a time.
const CONNECTIONS_MAX: usize = 64;
/// Connections of one address at a time: beyond it a new one takes the place of an older one of the
/// same address, so that an address cannot close the connections of the others.
const OF_ADDRESS_MAX: usize = 48;

/// The open connections, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Guests {
    open: VecDeque<Guest>,
    tasks: JoinSet<()>,
}

/// One connection.
#[derive(Debug)]
struct Guest {
    addr: IpAddr,
    has_asked: Asked,
    task: AbortHandle,
}

/// Whether a connection has sent a complete request.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked(Rc<Cell<bool>>);

impl Asked {
    /// The request is complete.
    pub(super) fn set(&self) {
        self.0.set(true);
    }
}

impl Guests {
    /// Serves a connection from `addr` with the task that `serve` returns. Where there are too many
    /// the oldest one that has sent no complete request is closed, else the oldest.
    pub(super) fn admit<F>(&mut self, addr: IpAddr, serve: impl FnOnce(Asked) -> F)
    where
        F: Future<Output = ()> + 'static,
    {
        self.make_room(addr);
        let has_asked = Asked::default();
        let task = self.tasks.spawn_local(serve(has_asked.clone()));
        self.open.push_back(Guest { addr, has_asked, task });
    }

    /// Waits until a connection ends; resolves to the panic where that ended it. Pending while
    /// there is none. Nothing is lost if the future is dropped.
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
        let may_go = |it: &Guest| !is_crowded || it.addr == addr;
        let silent = self.open.iter().position(|it| may_go(it) && !it.has_asked.0.get());
        let leaves = silent.or_else(|| self.open.iter().position(may_go));
        if let Some(guest) = leaves.and_then(|at| self.open.remove(at)) {
            guest.task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    /// Lets in a connection that has asked or has not.
    fn admit(guests: &mut Guests, last: u8, asks: bool) {
        guests.admit(addr(last), |asked| async move {
            if asks {
                asked.set();
            }
            std::future::pending().await
        });
        if asks {
            guests.open.back().unwrap().has_asked.set();
        }
    }

    fn count(guests: &Guests, last: u8) -> usize {
        guests.open.iter().filter(|it| it.addr == addr(last)).count()
    }

    #[tokio::test]
    async fn the_oldest_silent_connection_makes_room() {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let mut guests = Guests::default();
                admit(&mut guests, 1, true);
                (0..1_000).for_each(|_| admit(&mut guests, 2, false));
                assert_eq!((count(&guests, 1), count(&guests, 2)), (1, OF_ADDRESS_MAX));
                // Another flood takes the rest, then the places of the silent.
                (0..1_000).for_each(|_| admit(&mut guests, 3, false));
                assert_eq!(guests.open.len(), CONNECTIONS_MAX);
                assert_eq!(count(&guests, 1), 1, "it is being answered");
                admit(&mut guests, 4, false);
                assert_eq!((count(&guests, 4), guests.open.len()), (1, CONNECTIONS_MAX));
                // What was closed ends, and is forgotten already.
                while guests.tasks.len() > CONNECTIONS_MAX {
                    assert!(guests.ended().await.is_none());
                }
                assert_eq!(guests.open.len(), CONNECTIONS_MAX);
                // Where all have asked, the oldest goes.
                (0..CONNECTIONS_MAX)
                    .for_each(|at| admit(&mut guests, 10 + u8::from(at % 2 == 0), true));
                admit(&mut guests, 9, false);
                assert_eq!((count(&guests, 1), count(&guests, 9)), (0, 1));
            })
            .await;
    }

    #[tokio::test]
    async fn a_panic_is_told_and_its_connection_forgotten() {
        let local = tokio::task::LocalSet::new();
        local
            .run_until(async {
                let mut guests = Guests::default();
                guests.admit(addr(1), |_| async { panic!("x") });
                assert!(guests.ended().await.is_some_and(|error| error.is_panic()));
                assert!(guests.open.is_empty());
            })
            .await;
    }
}
