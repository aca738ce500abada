//! Geospatial indexes. Rows only, in alphabetical order.

use crate::command::table::row::{ONE_KEY, TWO_KEYS, read, write};
use crate::command::{Command, Keys};

pub(in crate::command::table) const ROWS: &[Command] = &[
    write("geoadd", -5, ONE_KEY),
    read("geodist", -4, ONE_KEY),
    read("geohash", -2, ONE_KEY),
    read("geopos", -2, ONE_KEY),
    write("georadius", -6, Keys::Radius),
    read("georadius_ro", -6, ONE_KEY),
    write("georadiusbymember", -5, Keys::Radius),
    read("georadiusbymember_ro", -5, ONE_KEY),
    read("geosearch", -7, ONE_KEY),
    write("geosearchstore", -8, TWO_KEYS),
];
