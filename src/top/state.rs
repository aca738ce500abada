//! What the keys change.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::rows::Column;

/// What is shown below the table of servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Panel {
    /// Lag and classes.
    #[default]
    Traffic,
    /// The last events.
    Events,
}

/// The choices of the operator.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The column by which servers are sorted; `None` is the order of the proxy.
    pub(super) sorted_by: Option<Column>,
    pub(super) is_reversed: bool,
    pub(super) panel: Panel,
    pub(super) shows_help: bool,
    /// Why the last look failed.
    pub(super) fault: Option<String>,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Quit,
    Draw,
    Nothing,
}

impl State {
    /// Takes a key.
    pub(super) fn press(&mut self, key: KeyEvent) -> Wish {
        if key.kind == KeyEventKind::Release {
            return Wish::Nothing;
        }
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c' | 'd') if is_control => return Wish::Quit,
            KeyCode::Char('q') => return Wish::Quit,
            KeyCode::Esc if !self.shows_help => return Wish::Quit,
            KeyCode::Esc => self.shows_help = false,
            KeyCode::Char('h' | '?') => self.shows_help = !self.shows_help,
            KeyCode::Char('s') | KeyCode::Right => self.sort(1),
            KeyCode::Left => self.sort(Column::ALL.len()),
            KeyCode::Char('r') => self.is_reversed = !self.is_reversed,
            KeyCode::Tab | KeyCode::Char('e') | KeyCode::Up | KeyCode::Down => {
                self.panel = match self.panel {
                    Panel::Traffic => Panel::Events,
                    Panel::Events => Panel::Traffic,
                };
            }
            _ => return Wish::Nothing,
        }
        Wish::Draw
    }

    /// Goes on by `steps` in the circle of the columns and "unsorted".
    fn sort(&mut self, steps: usize) {
        let place = |it: Column| Column::ALL.iter().position(|other| *other == it);
        let now = self.sorted_by.and_then(place).map_or(0, |at| at + 1);
        let next = (now + steps) % (Column::ALL.len() + 1);
        self.sorted_by = next.checked_sub(1).and_then(|at| Column::ALL.get(at).copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn keys_sort_switch_and_quit() {
        let mut state = State::default();
        assert_eq!(state.press(key(KeyCode::Char('s'))), Wish::Draw);
        assert_eq!(state.sorted_by, Some(Column::State));
        state.press(key(KeyCode::Left));
        assert_eq!(state.sorted_by, None);
        state.press(key(KeyCode::Left));
        assert_eq!(state.sorted_by, Some(Column::Why));
        state.press(key(KeyCode::Right));
        assert_eq!(state.sorted_by, None);
        state.press(key(KeyCode::Tab));
        assert_eq!(state.panel, Panel::Events);
        state.press(key(KeyCode::Char('h')));
        assert!(state.shows_help);
        assert_eq!(state.press(key(KeyCode::Esc)), Wish::Draw, "closes the help");
        assert_eq!(state.press(key(KeyCode::Esc)), Wish::Quit);
        assert_eq!(state.press(key(KeyCode::Char('q'))), Wish::Quit);
        assert_eq!(state.press(key(KeyCode::Char('x'))), Wish::Nothing);
        let control = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(state.press(control), Wish::Quit);
    }
}
