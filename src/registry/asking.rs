//! What clients ask of a task outside their workers, and wait for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;

use super::Entry;

/// A client that waits for the outcome of what it has asked for. It asks for nothing else meanwhile,
/// so there are never more of these than clients.
#[derive(Debug)]
pub struct Asked<Q, O> {
    /// What it asks for.
    pub question: Q,
    entry: Arc<Entry>,
    outcome: OnceLock<O>,
}

impl<Q, O> Asked<Q, O> {
    /// The outcome; `None` while there is none.
    pub fn outcome(&self) -> Option<&O> {
        self.outcome.get()
    }

    /// Answers the client, and wakes it.
    pub fn answer(&self, outcome: O) {
        // It is set here alone, and once.
        let _ = self.outcome.set(outcome);
        self.entry.wake();
    }
}

/// The clients that ask, in their order. Shared by all threads.
#[derive(Debug)]
pub struct Asking<Q, O> {
    asked: Notify,
    waiting: Mutex<VecDeque<Arc<Asked<Q, O>>>>,
}

impl<Q, O> Default for Asking<Q, O> {
    fn default() -> Self {
        Self { asked: Notify::new(), waiting: Mutex::default() }
    }
}

impl<Q, O> Asking<Q, O> {
    /// A client asks, and is woken when there is an outcome.
    pub fn ask(&self, question: Q, entry: &Arc<Entry>) -> Arc<Asked<Q, O>> {
        let (entry, outcome) = (Arc::clone(entry), OnceLock::new());
        let asked = Arc::new(Asked { question, entry, outcome });
        self.waiting().push_back(Arc::clone(&asked));
        self.asked.notify_one();
        asked
    }

    /// Waits until a client asks. The future may be dropped and made again.
    pub async fn asked(&self) {
        self.asked.notified().await;
    }

    /// The client that asked first, once there is one.
    pub async fn next(&self) -> Arc<Asked<Q, O>> {
        loop {
            if let Some(asked) = self.waiting().pop_front() {
                return asked;
            }
            self.asked().await;
        }
    }

    /// Whether a client that waits for its turn asks for this.
    pub fn is_asked(&self, question: &Q) -> bool
    where
        Q: PartialEq,
    {
        self.waiting().iter().any(|asked| asked.question == *question)
    }

    /// The clients that have asked up to now for something of which `is_wanted` is true.
    pub fn take_those(&self, is_wanted: impl Fn(&Q) -> bool) -> VecDeque<Arc<Asked<Q, O>>> {
        let mut waiting = self.waiting();
        let all = std::mem::take(&mut *waiting);
        let (wanted, others) = all.into_iter().partition(|asked| is_wanted(&asked.question));
        *waiting = others;
        wanted
    }

    /// All clients that have asked up to now.
    pub fn take(&self) -> VecDeque<Arc<Asked<Q, O>>> {
        std::mem::take(&mut *self.waiting())
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Arc<Asked<Q, O>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[tokio::test]
    async fn clients_are_answered_in_their_order() {
        let addr = SocketAddr::from(([127, 0, 0, 1], 1));
        let entry = Arc::new(Entry::new(1, addr, addr, 0));
        let asking = Asking::<&str, u32>::default();
        let (first, second) = (asking.ask("a", &entry), asking.ask("b", &entry));
        asking.asked().await;
        assert!(asking.is_asked(&"a") && asking.is_asked(&"b"));
        let asked = asking.next().await;
        assert!(!asking.is_asked(&"a") && asking.is_asked(&"b"));
        assert_eq!((asked.question, first.outcome()), ("a", None));
        asked.answer(1);
        assert_eq!(first.outcome(), Some(&1));
        let rest = asking.take();
        assert_eq!(rest.len(), 1);
        rest[0].answer(2);
        assert_eq!((second.outcome(), asking.take().len()), (Some(&2), 0));
        for question in ["a", "b", "a"] {
            asking.ask(question, &entry);
        }
        assert_eq!(asking.take_those(|it| *it == "a").len(), 2);
        assert_eq!(asking.take()[0].question, "b");
    }
}
