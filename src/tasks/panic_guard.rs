//! A guard in a task that is not restarted.

use super::{Board, Kind};

/// Counts and logs a panic of the task that holds this guard.
#[derive(Debug)]
pub struct PanicGuard {
    board: Board,
    kind: Kind,
}

impl PanicGuard {
    /// A guard for a task of this kind.
    #[must_use]
    pub fn new(board: &Board, kind: Kind) -> Self {
        Self { board: board.clone(), kind }
    }
}

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.board.count_panic(self.kind);
            tracing::error!("a task of the kind {} panicked and ended", self.kind.as_str());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_panic_counts() {
        let board = Board::default();
        drop(PanicGuard::new(&board, Kind::Client));
        let panicked = std::thread::spawn({
            let board = board.clone();
            move || {
                let _guard = PanicGuard::new(&board, Kind::Client);
                panic!("x");
            }
        });
        assert!(panicked.join().is_err());
        assert_eq!(board.panics(Kind::Client), 1);
    }
}
