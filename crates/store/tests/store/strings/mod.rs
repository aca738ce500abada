//! Strings, bitmaps, HyperLogLog.

use super::*;
use crate::support::Flavor;

mod bits;
mod encoding;
mod floats;
mod hyperloglog;
mod lcs;
mod numbers;
mod random;
mod same;
mod set;
mod stream;

use same::{Chooser, same_inside};
