//! Server-sent events: what is sent to all clients that watch, and the body of one such response.
//!
//! There is no queue. A client that has not taken an event when the next one comes gets only the
//! later one. So a slow client costs no memory, and no other client waits for it. One that takes
//! nothing for longer is closed (see [`Life`]).

use std::cell::Cell;
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::watch;

use super::life::Life;

/// The most clients that watch at a time, over all feeds that share a [`Seats`].
const WATCHERS_MAX: usize = 32;

/// The places for clients that watch. A clone shares them.
#[derive(Clone, Debug, Default)]
pub struct Seats(Rc<Cell<usize>>);

/// One taken place.
#[derive(Debug)]
struct Seat(Rc<Cell<usize>>);

impl Seats {
    fn take(&self) -> Option<Seat> {
        if self.0.get() >= WATCHERS_MAX {
            return None;
        }
        self.0.set(self.0.get() + 1);
        Some(Seat(Rc::clone(&self.0)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// Events of one kind.
#[derive(Debug)]
pub struct Feed {
    sender: watch::Sender<Bytes>,
    seats: Seats,
}

impl Feed {
    /// A feed without clients.
    #[must_use]
    pub fn new(seats: Seats) -> Self {
        Self { sender: watch::Sender::new(Bytes::new()), seats }
    }

    /// Whether a client watches.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    /// Sends `data` to all clients that watch. It has no line ends.
    pub fn send(&self, data: &str) {
        self.sender.send_replace(event(data));
    }

    /// A response that begins with `first`; `None` if too many clients watch already.
    #[must_use]
    pub fn watch(&self, first: &str) -> Option<Watch> {
        let seat = self.seats.take()?;
        let next = Box::pin(next(self.sender.subscribe()));
        Some(Watch { first: Some(event(first)), next, life: None, _seat: seat })
    }
}

/// `data` as an event. A client that loses the connection asks again after a second.
fn event(data: &str) -> Bytes {
    debug_assert!(!data.contains(['\n', '\r']), "a line of its own");
    Bytes::from(format!("retry: 1000\ndata: {data}\n\n"))
}

type Receiver = watch::Receiver<Bytes>;

async fn next(mut receiver: Receiver) -> (Receiver, Option<Bytes>) {
    let event = match receiver.changed().await {
        Ok(()) => Some(receiver.borrow_and_update().clone()),
        Err(_) => None,
    };
    (receiver, event)
}

/// The events that one client gets.
pub struct Watch {
    first: Option<Bytes>,
    next: Pin<Box<dyn Future<Output = (Receiver, Option<Bytes>)>>>,
    life: Option<Rc<Life>>,
    _seat: Seat,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

impl Watch {
    /// Prolongs `life` with each event that the client takes.
    pub(super) fn prolonging(self, life: Rc<Life>) -> Self {
        Self { life: Some(life), ..self }
    }
}

impl Body for Watch {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let event = match self.first.take() {
            Some(first) => first,
            None => {
                let (receiver, event) = ready!(self.next.as_mut().poll(context));
                let Some(event) = event else { return Poll::Ready(None) };
                self.next = Box::pin(next(receiver));
                event
            }
        };
        if let Some(life) = &self.life {
            life.prolong();
        }
        Poll::Ready(Some(Ok(Frame::data(event))))
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn take(watch: &mut Watch) -> String {
        let frame = watch.frame().await.unwrap().unwrap();
        String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_slow_client_gets_the_latest_event_only() {
        let feed = Feed::new(Seats::default());
        assert!(!feed.is_watched());
        let mut watch = feed.watch("0").unwrap();
        assert!(feed.is_watched());
        assert_eq!(take(&mut watch).await, "retry: 1000\ndata: 0\n\n");
        (1..1_000).for_each(|it| feed.send(&it.to_string()));
        assert!(take(&mut watch).await.contains("data: 999\n"));
        feed.send("1000");
        assert!(take(&mut watch).await.contains("data: 1000\n"));
        drop(feed);
        assert!(watch.frame().await.is_none(), "the end");
    }

    #[test]
    fn the_number_of_clients_is_limited_over_all_feeds() {
        let seats = Seats::default();
        let (first, second) = (Feed::new(seats.clone()), Feed::new(seats));
        let mut watching: Vec<_> =
            (0..WATCHERS_MAX - 1).map(|_| first.watch("").unwrap()).collect();
        watching.push(second.watch("").unwrap());
        assert!(first.watch("").is_none() && second.watch("").is_none());
        watching.pop();
        assert!(!second.is_watched() && first.watch("").is_some());
    }
}
