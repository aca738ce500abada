//! Sorted sets. Rows only, in alphabetical order.

use crate::command::table::row::{
    ALL_BUT_LAST, COUNTED_STORE, ONE_KEY, TWO_KEYS, counted, read, write,
};
use crate::command::{Blocking, Command, Effect};

pub(in crate::command::table) const ROWS: &[Command] = &[
    write("bzmpop", -5, counted(2)).does(Effect::Blocking(Blocking::Always)),
    write("bzpopmax", -3, ALL_BUT_LAST).does(Effect::Blocking(Blocking::Always)),
    write("bzpopmin", -3, ALL_BUT_LAST).does(Effect::Blocking(Blocking::Always)),
    write("zadd", -4, ONE_KEY),
    read("zcard", 2, ONE_KEY),
    read("zcount", 4, ONE_KEY),
    read("zdiff", -3, counted(1)),
    write("zdiffstore", -4, COUNTED_STORE),
    write("zincrby", 4, ONE_KEY),
    read("zinter", -3, counted(1)),
    read("zintercard", -3, counted(1)),
    write("zinterstore", -4, COUNTED_STORE),
    read("zlexcount", 4, ONE_KEY),
    write("zmpop", -4, counted(1)),
    read("zmscore", -3, ONE_KEY),
    write("zpopmax", -2, ONE_KEY),
    write("zpopmin", -2, ONE_KEY),
    read("zrandmember", -2, ONE_KEY),
    read("zrange", -4, ONE_KEY),
    read("zrangebylex", -4, ONE_KEY),
    read("zrangebyscore", -4, ONE_KEY),
    write("zrangestore", -5, TWO_KEYS),
    read("zrank", -3, ONE_KEY),
    write("zrem", -3, ONE_KEY),
    write("zremrangebylex", 4, ONE_KEY),
    write("zremrangebyrank", 4, ONE_KEY),
    write("zremrangebyscore", 4, ONE_KEY),
    read("zrevrange", -4, ONE_KEY),
    read("zrevrangebylex", -4, ONE_KEY),
    read("zrevrangebyscore", -4, ONE_KEY),
    read("zrevrank", -3, ONE_KEY),
    read("zscan", -3, ONE_KEY).does(Effect::Scan { cursor: 2 }),
    read("zscore", 3, ONE_KEY),
    read("zunion", -3, counted(1)),
    write("zunionstore", -4, COUNTED_STORE),
];
