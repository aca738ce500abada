//! A mark in a task that is not started again.

use super::{Board, Kind};

/// Counts and logs the panic of the task that holds it, when it is dropped by that panic.
#[derive(Debug)]
pub struct Witness {
    board: Board,
    kind: Kind,
}

impl Witness {
    /// A mark for a task of this kind.
    #[must_use]
    pub fn new(board: &Board, kind: Kind) -> Self {
        Self { board: board.clone(), kind }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.board.count_panic(self.kind);
            tracing::error!("a task panicked and ended: {}", self.kind.as_str());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_panic_counts() {
        let board = Board::default();
        drop(Witness::new(&board, Kind::Client));
        let panicked = std::thread::spawn({
            let board = board.clone();
            move || {
                let _witness = Witness::new(&board, Kind::Client);
                panic!("x");
            }
        });
        assert!(panicked.join().is_err());
        assert_eq!(board.panics(Kind::Client), 1);
    }
}
