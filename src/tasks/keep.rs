//! A task on the runtime of this thread that runs until the process ends.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;

use super::pauses::Pauses;
use super::thread::reason;
use super::{Board, Kind, Record};

/// Runs the task that `make` returns, and restarts it after a pause whenever it panics or ends.
/// Dropping the future ends the task. Needs a local runtime or a `LocalSet`.
pub async fn keep<F>(board: Board, kind: Kind, name: &str, make: impl Fn(Arc<Record>) -> F)
where
    F: Future<Output = ()> + 'static,
{
    let record = board.record(kind, name);
    let mut pauses = Pauses::new(Instant::now());
    let mut run = JoinSet::new();
    loop {
        record.begin();
        pauses.begin(Instant::now());
        let (task, injected) = (make(Arc::clone(&record)), Arc::clone(&record));
        run.spawn_local(async move {
            tokio::select! {
                () = task => {}
                () = injected.injected_panic() => {}
            }
        });
        let why = match run.join_next().await {
            Some(Err(error)) if error.is_panic() => {
                board.count_panic(kind);
                format!("panicked: {}", reason(&*error.into_panic()))
            }
            Some(Ok(())) => "ended".to_owned(),
            // The runtime shuts down.
            Some(Err(_)) | None => return,
        };
        record.failed(board.now_ms(), &why);
        let (_, pause) = pauses.failed(Instant::now());
        tracing::error!("{name} {why}; restarting it in {pause:?}");
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_restarted() {
        let (board, starts) = (Board::default(), Rc::new(Cell::new(0)));
        let counted = Rc::clone(&starts);
        let make = move |record: Arc<Record>| {
            let nth = counted.get() + 1;
            counted.set(nth);
            async move {
                match nth {
                    1 => panic!("the first"),
                    2 => {}
                    _ => {
                        record.beat(0);
                        std::future::pending().await
                    }
                }
            }
        };
        let kept = keep(board.clone(), Kind::Monitor, "monitor", make);
        let local = tokio::task::LocalSet::new();
        let third = async {
            while starts.get() < 3 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        local
            .run_until(async {
                tokio::select! { () = kept => {}, () = third => {} }
            })
            .await;
        assert_eq!((starts.get(), board.panics(Kind::Monitor)), (3, 1));
        let record = board.record(Kind::Monitor, "monitor");
        assert_eq!((record.failures(), record.is_down()), (2, false));
    }
}
