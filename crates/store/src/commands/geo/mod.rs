//! Places on Earth: sorted sets whose scores are geohashes.
//!
//! Covers, distances and their order are those of the servers, so that unsorted results and
//! `COUNT ... ANY` agree.

mod add;
mod bounds;
mod cell;
mod cover;
mod find;
mod options;
mod points;
mod polygon;
mod search;
mod shape;
mod sphere;
mod units;

use crate::execution::Row;

/// All geospatial commands.
pub(super) const COMMANDS: &[&[Row]] = &[add::COMMANDS, points::COMMANDS, search::COMMANDS];
