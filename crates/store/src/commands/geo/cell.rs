//! Geohashes: cells of a grid on longitude and latitude, which are halved in turns.

use super::sphere::Point;

/// The most halvings of each coordinate: 52 bits together, which a double holds exactly.
pub(super) const MAX_STEP: u8 = 26;
/// The degrees of longitude.
const LONGITUDES: (f64, f64) = (-180.0, 180.0);
/// The degrees of latitude that the grid covers (those of the web's Mercator maps).
pub(super) const LATITUDES: (f64, f64) = (-85.05112878, 85.05112878);
/// The degrees of latitude of ordinary geohashes.
const ALL_LATITUDES: (f64, f64) = (-90.0, 90.0);

/// Two to the power of 64.
const BEYOND: f64 = 18_446_744_073_709_551_616.0;

const EVEN_BITS: u64 = 0x5555_5555_5555_5555;
const ODD_BITS: u64 = 0xaaaa_aaaa_aaaa_aaaa;

/// A cell: the bits of latitude and longitude, those of longitude above those of latitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) bits: u64,
    /// How often each coordinate was halved: 1 to [`MAX_STEP`].
    pub(super) step: u8,
}

/// The area of a cell, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) longitude: (f64, f64),
    pub(super) latitude: (f64, f64),
}

/// Spreads the bits of a number, so that there is a gap before each.
fn spread(number: u32) -> u64 {
    let mut bits = u64::from(number);
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, EVEN_BITS),
    ] {
        bits = (bits | bits << shift) & mask;
    }
    bits
}

/// Gathers the bits that [`spread`] has spread.
fn gather(bits: u64) -> u32 {
    let mut bits = bits & EVEN_BITS;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff_u64),
    ] {
        bits = (bits | bits >> shift) & mask;
    }
    u32::try_from(bits).unwrap_or(u32::MAX)
}

/// Returns how far along a range a coordinate is, in cells.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn offset(at: f64, (from, to): (f64, f64), step: u8) -> u32 {
    ((at - from) / (to - from) * f64::from(1_u32 << step)) as u32
}

impl Cell {
    /// Returns the cell of a point, both of whose coordinates are in range.
    pub(super) fn of(point: Point, step: u8) -> Self {
        Self::within(point, step, LATITUDES)
    }

    fn within(point: Point, step: u8, latitudes: (f64, f64)) -> Self {
        let latitude = offset(point.latitude, latitudes, step);
        let longitude = offset(point.longitude, LONGITUDES, step);
        Self { bits: spread(latitude) | spread(longitude) << 1, step }
    }

    /// Returns the cell of a score (`decodeGeohash`). A sorted set may hold scores that are no
    /// cells: they become what servers for x86-64 make of them, where a cast of a negative number
    /// or one above the largest number to an unsigned one wraps.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "that is its point"
    )]
    pub(super) fn of_score(score: f64) -> Self {
        let bits = match score {
            ..0.0 => (score as i64).cast_unsigned(),
            BEYOND.. => 0,
            _ => score as u64,
        };
        Self { bits, step: MAX_STEP }
    }

    /// The bits of the cell, filled up to 52 (`geohashAlign52Bits`).
    pub(super) fn aligned(self) -> u64 {
        self.bits.wrapping_shl(u32::from(52 - 2 * self.step))
    }

    /// The number of the cell, as a score.
    #[expect(clippy::cast_precision_loss, reason = "it has no more than 53 bits")]
    pub(super) fn score(self) -> f64 {
        self.aligned() as f64
    }

    /// The score at which the next cell begins.
    pub(super) fn next_score(self) -> f64 {
        Self { bits: self.bits.wrapping_add(1), step: self.step }.score()
    }

    /// The area of the cell.
    pub(super) fn area(self) -> Area {
        let cells = f64::from(1_u32 << self.step);
        let range = |index: u32, (from, to): (f64, f64)| {
            let scale = to - from;
            let index = f64::from(index);
            (from + index / cells * scale, from + (index + 1.0) / cells * scale)
        };
        Area {
            longitude: range(gather(self.bits >> 1), LONGITUDES),
            latitude: range(gather(self.bits), LATITUDES),
        }
    }

    /// The point in the middle of the cell (`geohashDecodeAreaToLongLat`).
    pub(super) fn middle(self) -> Point {
        let area = self.area();
        let middle = |(from, to): (f64, f64), (least, most): (f64, f64)| {
            let middle = (from + to) / 2.0;
            if middle > most {
                most
            } else if middle < least {
                least
            } else {
                middle
            }
        };
        Point {
            longitude: middle(area.longitude, LONGITUDES),
            latitude: middle(area.latitude, LATITUDES),
        }
    }

    /// Returns the cell so many cells to the east and to the north, at most one. At the edge it is
    /// the cell at the other edge.
    pub(super) fn beside(self, east: i8, north: i8) -> Self {
        let shift = u32::from(64 - 2 * self.step);
        let bits = self.bits;
        let longitude = moved(bits & ODD_BITS, EVEN_BITS >> shift, ODD_BITS >> shift, east);
        let latitude = moved(bits & EVEN_BITS, ODD_BITS >> shift, EVEN_BITS >> shift, north);
        Self { bits: longitude | latitude, step: self.step }
    }

    /// Returns the eleven characters of the usual geohash of a point (`GEOHASH`). There are bits
    /// for ten and a half; the last character is always the first of the alphabet.
    pub(super) fn text(point: Point) -> [u8; 11] {
        const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
        let bits = Self::within(point, MAX_STEP, ALL_LATITUDES).bits;
        std::array::from_fn(|at| {
            let index = match at {
                10 => 0,
                _ => usize::try_from(bits >> (52 - (at + 1) * 5) & 0x1f).unwrap_or(0),
            };
            ALPHABET[index]
        })
    }
}

/// Moves one coordinate by one cell. Its bits are those of `own`, and a carry passes over those of
/// `gaps`.
fn moved(bits: u64, gaps: u64, own: u64, by: i8) -> u64 {
    match by {
        1.. => bits.wrapping_add(gaps.wrapping_add(1)) & own,
        0 => bits,
        _ => (bits | gaps).wrapping_sub(gaps.wrapping_add(1)) & own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_known_place() {
        let palermo = Point { longitude: 13.361389, latitude: 38.115556 };
        let cell = Cell::of(palermo, MAX_STEP);
        assert_eq!(cell.bits, 3_479_099_956_230_698);
        assert_eq!(&Cell::text(cell.middle()), b"sqc8b49rny0");
    }

    proptest! {
        #[test]
        fn bits_are_spread_and_gathered(number: u32) {
            prop_assert_eq!(gather(spread(number)), number);
        }

        #[test]
        fn a_cell_has_its_middle(x in -180.0..180.0, y in -85.05..85.05, step in 1..=26_u8) {
            let point = Point { longitude: x, latitude: y };
            let cell = Cell::of(point, step);
            prop_assert_eq!(Cell::of(cell.middle(), step), cell);
            let area = cell.area();
            prop_assert!(area.longitude.0 <= x && x <= area.longitude.1);
            prop_assert!(area.latitude.0 <= y && y <= area.latitude.1);
        }

        #[test]
        fn there_and_back(bits: u64, step in 1..=26_u8, east in -1..=1_i8, north in -1..=1_i8) {
            let cell = Cell { bits: bits >> (64 - 2 * step), step };
            prop_assert_eq!(cell.beside(east, north).beside(-east, -north), cell);
        }

        #[test]
        fn any_score_has_a_middle(bits: u64) {
            let middle = Cell::of_score(f64::from_bits(bits)).middle();
            prop_assert!(middle.longitude.abs() <= 180.0 && middle.latitude.abs() <= 90.0);
        }
    }
}
