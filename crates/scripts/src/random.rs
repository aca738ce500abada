//! `math.random`: the generator of Redis. After `math.randomseed` the numbers are those of Redis.

use std::rc::Rc;

use mlua::{Lua, MultiValue, Table};

use crate::port::Port;
use crate::values::arguments::{Arguments, float};
use crate::values::raise::{self, Outcome};

const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const INCREMENT: u64 = 0xB;
const MASK: u64 = (1 << 48) - 1;

/// The state at the start.
pub(crate) const START: u64 = 0x1234_ABCD_330E;

/// The state that `seed` begins with (`redisSrand48`).
const fn seeded(seed: u32) -> u64 {
    ((seed as u64) << 16) | 0x330E
}

/// The next 31 bits (`redisLrand48`).
fn next(port: &Port) -> u64 {
    let state = port.random.get().wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT) & MASK;
    port.random.set(state);
    state >> 17
}

/// Replaces `random` and `randomseed` of the table `math`.
pub(crate) fn replace(lua: &Lua, port: &Rc<Port>, math: &Table) -> Outcome<()> {
    let own = Rc::clone(port);
    let random = lua.create_function(move |lua, args: MultiValue| {
        let args = Arguments::new(lua, args);
        let bound = i64::from(i32::MAX);
        let part = float(i64::try_from(next(&own)).unwrap_or(0) % bound) / float(bound);
        match args.len() {
            0 => Ok(part),
            1 => {
                let upper = args.integer(1)?;
                if upper < 1 {
                    return Err(args.error(1, "interval is empty"));
                }
                Ok((part * float(upper)).floor() + 1.0)
            }
            2 => {
                let (lower, upper) = (args.integer(1)?, args.integer(2)?);
                if lower > upper {
                    return Err(args.error(2, "interval is empty"));
                }
                Ok((part * float(upper.wrapping_sub(lower).wrapping_add(1))).floor() + float(lower))
            }
            _ => Err(raise::error(lua, "wrong number of arguments")),
        }
    })?;
    math.raw_set("random", random)?;
    let own = Rc::clone(port);
    let randomseed = lua.create_function(move |lua, args: MultiValue| {
        let [low, b1, b2, b3, ..] = Arguments::new(lua, args).integer(1)?.to_le_bytes();
        own.random.set(seeded(u32::from_le_bytes([low, b1, b2, b3])));
        Ok(())
    })?;
    math.raw_set("randomseed", randomseed)
}
