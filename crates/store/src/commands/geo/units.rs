//! Units of length, and the arguments that are points and lengths.

use super::cell::LATITUDES;
use super::sphere::Point;
use crate::call::{CommandError, words};
use crate::dialect::Dialect;
use crate::number;

/// Returns the metres of a unit (`extractUnitOrReply`).
pub(super) fn unit(word: &[u8], dialect: Dialect) -> Result<f64, CommandError> {
    let units = [("m", 1.0), ("km", 1000.0), ("ft", 0.3048), ("mi", 1609.34)];
    let in_any_case = dialect.capitalizes_units();
    let is = |name: &str| word == name.as_bytes() || in_any_case && words::is(word, name);
    let found = units.into_iter().find(|(name, _)| is(name));
    let text = if in_any_case {
        "ERR unsupported unit provided. please use M, KM, FT, MI"
    } else {
        "ERR unsupported unit provided. please use m, km, ft, mi"
    };
    found.map(|(_, metres)| metres).ok_or_else(|| CommandError::new(text))
}

/// Reads a longitude and a latitude (`extractLongLatOrReply`).
pub(super) fn point(
    longitude: &[u8],
    latitude: &[u8],
    dialect: Dialect,
) -> Result<Point, CommandError> {
    let number = |word| number::parse(word, dialect).ok_or(CommandError::NOT_FLOAT);
    let (longitude, latitude) = (number(longitude)?, number(latitude)?);
    let out = longitude.abs() > 180.0 || !(LATITUDES.0..=LATITUDES.1).contains(&latitude);
    if out {
        let (longitude, latitude) = (fixed(longitude), fixed(latitude));
        return Err(CommandError::of(format!(
            "ERR invalid longitude,latitude pair {longitude},{latitude}"
        )));
    }
    Ok(Point { longitude, latitude })
}

/// Returns a number as `%f` prints it.
fn fixed(number: f64) -> String {
    format!("{number:.6}")
}

/// Reads a length that is not negative; `what` is its name in errors.
pub(super) fn length(
    word: &[u8],
    what: &'static str,
    dialect: Dialect,
) -> Result<f64, CommandError> {
    number::parse(word, dialect).ok_or_else(|| CommandError::new(what))
}
