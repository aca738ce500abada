//! From the notes and the units of command files to the place in the history that the data have.
//!
//! What the notes do not prove is no part of the history that they name: a server that loaded the
//! directory and wrote to it, or a write that reached the disk only in part.

use super::note::{Note, Second};
use crate::identity::Position;
use tidegate_wire::units::ReplOffset;

/// The place of the data in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The history, and the offset of the data.
    pub position: Position,
    /// The history before.
    pub second: Second,
    /// The last offset that the notes prove.
    pub proven: ReplOffset,
}

impl Place {
    /// Whether all data are proven to be a prefix of the history.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.proven == self.position.offset
    }
}

/// The error for notes that contradict the commands between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the commands end at offset {found} of the stream, where the file says {said}: bytes are missing or were added"
)]
pub struct Contradiction {
    /// The offset that a note says.
    pub said: ReplOffset,
    /// The offset that the commands lead to.
    pub found: ReplOffset,
}

/// Follows the place of the data while files are loaded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracker {
    place: Option<Place>,
    /// The number of units before the first [`Note::Stream`] of the file; `None` behind it.
    head: Option<u32>,
}

/// The most units before the first note of a file that this program has begun: a SELECT.
const HEAD_MAX: u32 = 1;

impl Tracker {
    /// Returns a tracker that begins behind a base whose file names this position, if it names one,
    /// and this history before.
    #[must_use]
    pub fn new(base: Option<Position>, second: Second) -> Self {
        let place = base.map(|position| Place { position, second, proven: position.offset });
        Self { place, head: None }
    }

    /// The place of the data; `None` if no file has told it.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.place.filter(|_| !self.is_foreign())
    }

    /// Begins a command file. Its units are no part of the stream before a note says so.
    pub fn begin_file(&mut self) {
        self.place = self.place();
        self.head = Some(0);
    }

    /// Whether the file has commands that no note tells of: another program has written them.
    fn is_foreign(&self) -> bool {
        self.head.is_some_and(|units| units > HEAD_MAX)
    }

    /// Takes a note. Returns whether it is the first one that tells the place.
    ///
    /// # Errors
    /// [`Contradiction`].
    pub fn note(&mut self, note: &Note) -> Result<bool, Contradiction> {
        if matches!(note, Note::Stream { .. }) {
            self.place = self.place();
            self.head = None;
        }
        match (note, &mut self.place) {
            (Note::Stream { position, second }, place) => {
                let (said, found) = (position.offset, place.map(|it| it.position.offset));
                if let Some(found) = found.filter(|found| *found != said) {
                    return Err(Contradiction { said, found });
                }
                *place = Some(Place { position: *position, second: *second, proven: said });
                Ok(found.is_none())
            }
            (Note::Mark(said), Some(place)) if self.head.is_none() => {
                let found = place.position.offset;
                if *said != found {
                    return Err(Contradiction { said: *said, found });
                }
                place.proven = found;
                Ok(false)
            }
            (Note::Mark(_) | Note::Time(_) | Note::Other, _) => Ok(false),
        }
    }

    /// Notes that the bytes are those of no known history.
    pub const fn lose(&mut self) {
        self.place = None;
    }

    /// Takes a unit of `len` bytes. Returns whether it is a part of the stream.
    pub fn unit(&mut self, len: u64) -> bool {
        match (&mut self.head, &mut self.place) {
            (Some(units), _) => *units = units.saturating_add(1),
            (None, Some(place)) => {
                place.position.offset = place.position.offset.plus(len);
                return true;
            }
            (None, None) => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, id};

    fn stream(digit: char, offset: u64, second: Second) -> Note {
        Note::Stream { position: Position { replid: id(digit), offset: at(offset) }, second }
    }

    #[test]
    fn only_bytes_before_a_mark_are_proven() {
        let mut tracker = Tracker::default();
        assert!(!tracker.unit(23));
        assert_eq!((tracker.place(), tracker.note(&Note::Mark(at(9)))), (None, Ok(false)));
        assert_eq!(tracker.note(&stream('a', 100, None)), Ok(true));
        assert!(tracker.place().unwrap().is_proven());
        assert!(tracker.unit(30));
        assert!(!tracker.place().unwrap().is_proven());
        assert_eq!(tracker.note(&Note::Mark(at(130))), Ok(false));
        assert!(tracker.place().unwrap().is_proven());
        assert!(tracker.unit(5));
        assert_eq!(tracker.note(&Note::Time(1)), Ok(false));
        let place = tracker.place().unwrap();
        assert_eq!((place.position.offset, place.proven), (at(135), at(130)));
        let contradiction = Contradiction { said: at(134), found: at(135) };
        assert_eq!(tracker.note(&Note::Mark(at(134))), Err(contradiction));
    }

    #[test]
    fn a_stream_goes_on_under_another_name_and_without_a_gap() {
        let base = Position { replid: id('a'), offset: at(7) };
        let mut tracker = Tracker::new(Some(base), None);
        assert!(tracker.place().unwrap().is_proven());
        assert!(tracker.unit(3));
        let second = Some((id('a'), at(11)));
        assert_eq!(tracker.note(&stream('b', 10, second)), Ok(false));
        assert_eq!(tracker.place().unwrap().second, second);
        // A gap: bytes of a file before are missing.
        let gap = Contradiction { said: at(11), found: at(10) };
        assert_eq!(tracker.note(&stream('b', 11, None)), Err(gap));
        tracker.lose();
        assert_eq!(tracker.note(&stream('b', 11, None)), Ok(true));
    }

    #[test]
    fn commands_of_another_program_end_the_history() {
        let base = Position { replid: id('a'), offset: at(7) };
        let begun = || {
            let mut tracker = Tracker::new(Some(base), None);
            tracker.begin_file();
            assert!(!tracker.unit(23), "the SELECT at the head of a file");
            tracker
        };
        let mut tracker = begun();
        assert_eq!(tracker.place().map(|it| it.position), Some(base));
        assert_eq!(tracker.note(&stream('a', 7, None)), Ok(false));
        assert!(tracker.unit(3));
        // The next file.
        tracker.begin_file();
        tracker.unit(23);
        assert_eq!(tracker.note(&stream('a', 10, None)), Ok(false));
        // A file without notes.
        tracker.begin_file();
        tracker.unit(23);
        tracker.unit(40);
        assert_eq!(tracker.place(), None);
        tracker.begin_file();
        assert_eq!(tracker.place(), None);
        // A note behind such commands begins a history.
        let mut tracker = begun();
        tracker.unit(40);
        assert_eq!(tracker.note(&stream('b', 99, None)), Ok(true));
    }
}
