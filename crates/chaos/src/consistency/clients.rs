//! What the clients of a round do.

mod client;
mod messages;
mod mixed;
mod queues;
mod sweeper;
mod tokens;
mod watchers;

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::{self, JoinHandle};

use self::client::Client;
use super::judge::tally::Tally;
use super::world::World;

/// What a client does until the end.
type Behaviour = fn(&mut Client);

/// The behaviours, which repeat until there are enough clients. One more client flushes databases.
const COMPOSITION: [Behaviour; 12] = [
    mixed::single,
    mixed::pipelines,
    queues::produce,
    queues::consume,
    messages::publish,
    messages::subscribe,
    mixed::readers,
    mixed::readers,
    mixed::readers,
    mixed::pipelines,
    watchers::replace,
    mixed::single,
];

/// Running clients.
#[derive(Debug)]
pub struct Crew {
    world: Arc<World>,
    threads: Vec<JoinHandle<Tally>>,
}

impl Crew {
    /// Starts so many clients, each of which owns registers of `world`.
    pub fn start(world: &Arc<World>, clients: usize) -> Self {
        let behaviours = COMPOSITION.into_iter().cycle().take(clients - 1);
        let one = |(number, run): (usize, Behaviour)| {
            let mut client = Client::new(world, number);
            thread::spawn(move || {
                run(&mut client);
                client.finish()
            })
        };
        let all = std::iter::once(sweeper::sweep as Behaviour).chain(behaviours);
        Self { world: Arc::clone(world), threads: all.enumerate().map(one).collect() }
    }

    /// Ends the clients after their requests under way.
    pub fn finish(mut self) -> Tally {
        self.world.stop.store(true, SeqCst);
        let mut all = Tally::default();
        for thread in std::mem::take(&mut self.threads) {
            all.add(thread.join().unwrap());
        }
        all
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.world.stop.store(true, SeqCst);
    }
}
