//! The loop of keys and documents. The terminal is restored however it ends: by a key, a signal, an
//! error or a panic.

use std::thread;
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::error::TopError;
use super::screen::draw;
use super::source::{Look, Source};
use super::state::{State, Wish};

/// The keys that may wait.
const KEYS_MAX: usize = 64;

/// Shows the proxy until the operator quits.
pub(super) async fn show(source: &Source, first: Look, pause: Duration) -> Result<(), TopError> {
    // Restores the terminal at a panic, too.
    let mut terminal = ratatui::try_init()?;
    let outcome = keep_showing(&mut terminal, source, first, pause).await;
    ratatui::restore();
    outcome
}

async fn keep_showing(
    terminal: &mut DefaultTerminal,
    source: &Source,
    mut look: Look,
    pause: Duration,
) -> Result<(), TopError> {
    let mut state = State::default();
    let mut keys = keys();
    let mut looks = interval(pause);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks.tick().await;
    let mut end = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        terminal.draw(|frame| draw(frame, &look, &state))?;
        tokio::select! {
            _ = end.recv() => return Ok(()),
            _ = hang_up.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            event = keys.recv() => match event {
                Some(Event::Key(key)) if state.press(key) == Wish::Quit => return Ok(()),
                // A new size, for example: the next turn draws.
                Some(_) => {}
                // The terminal is gone.
                None => return Ok(()),
            },
            // A proxy that does not answer may come back; the last numbers stay with the reason.
            next = async { looks.tick().await; source.look().await } => match next {
                Ok(next) => {
                    look = next;
                    state.fault = None;
                }
                Err(error) => state.fault = Some(error.to_string()),
            },
        }
    }
}

/// The events of the terminal. The thread that reads them ends with the process.
fn keys() -> mpsc::Receiver<Event> {
    let (sender, receiver) = mpsc::channel(KEYS_MAX);
    thread::spawn(move || {
        while let Ok(event) = event::read() {
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    });
    receiver
}
