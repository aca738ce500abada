//! Reads that cost too much for a worker's thread: answered on one of the engine's own, where no
//! server can be asked.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Engine;
use super::read::Room;
use tidegate_store::Budget;
use tidegate_wire::resp::RespVersion;

/// How many wait at most.
const WAITING_MAX: usize = 1024;

/// One read.
#[derive(Debug)]
pub struct SlowRead {
    /// In which database.
    pub db: u32,
    /// In which protocol the reply is to be written.
    pub version: RespVersion,
    /// A complete multibulk request.
    pub frame: Vec<u8>,
    /// The longest reply, in bytes: for a longer one a server has to be asked.
    pub most: usize,
}

impl Engine {
    /// Answers a read whatever it costs, on a thread of the engine's own; `None` where too many
    /// wait. The answer is `None` where a server has to be asked all the same.
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
                // The client may be gone when it is done.
                drop(told.send(engine.answer_slowly(&read)));
            }
        });
        Some(answer)
    }

    /// The reply; `None` where a server has to be asked all the same.
    fn answer_slowly(&self, read: &SlowRead) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let room = Room { stop: Some(usize::MAX), most: read.most };
        let budget = Budget::new(u64::MAX, read.most);
        let turn = self.turns.begin();
        let answered =
            self.answer((read.db, read.version), (&read.frame, 1), room, &budget, &mut out);
        drop(turn);
        (answered.count > 0).then_some(out)
    }
}
