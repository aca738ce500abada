//! Reads that cost too much for a worker's thread. A thread of the engine answers them if no server
//! can.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Engine;
use super::read::{Access, Room};
use tidegate_store::Budget;
use tidegate_wire::resp::RespVersion;

/// The most reads that wait.
const WAITING_MAX: usize = 1024;

/// A read that waits for the thread.
#[derive(Debug)]
pub struct SlowRead {
    /// The [`Engine::data_epoch`] whose data may be read.
    pub data_epoch: u64,
    /// The database of the read.
    pub db: u32,
    /// The protocol of the reply.
    pub version: RespVersion,
    /// A complete multibulk request.
    pub frame: Vec<u8>,
    /// The longest reply, in bytes. A read with a longer reply goes to a server.
    pub most: usize,
}

impl SlowRead {
    const fn access(&self) -> Access {
        Access { data_epoch: self.data_epoch, db: self.db, version: self.version }
    }
}

impl Engine {
    /// Answers a read at any cost, on a thread of the engine; `None` where too many wait. The
    /// answer is `None` where a server has to answer all the same.
    #[must_use]
    pub fn answer_aside(
        self: &Arc<Self>,
        read: SlowRead,
    ) -> Option<oneshot::Receiver<Option<Vec<u8>>>> {
        if self.slow_reads.len() >= WAITING_MAX {
            return None;
        }
        let (told, answer) = oneshot::channel();
        let engine = Arc::clone(self);
        self.slow_reads.run(move || {
            if !told.is_closed() {
                // The client may be gone by then.
                drop(told.send(engine.answer_slowly(&read)));
            }
        });
        Some(answer)
    }

    /// Returns the reply; `None` where a server has to answer all the same.
    fn answer_slowly(&self, read: &SlowRead) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let room = Room { stop: Some(usize::MAX), most: read.most };
        let budget = Budget::new(u64::MAX, read.most);
        let turn = self.turns.begin();
        let answered = self.answer(read.access(), (&read.frame, 1), room, &budget, &mut out);
        drop(turn);
        (answered.count > 0).then_some(out)
    }
}
