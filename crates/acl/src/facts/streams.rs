//! Streams. Rows only, in alphabetical order.

use super::row::{Fact, NONE, R, TOUCH, W, fact};
use crate::category::Category::*;

pub(super) const FACTS: &[Fact] = &[
    fact("xack", &[Write, Stream, Fast], W),
    fact("xackdel", &[Write, Stream, Fast], W),
    fact("xadd", &[Write, Stream, Fast], W),
    fact("xautoclaim", &[Write, Stream, Fast], W),
    fact("xclaim", &[Write, Stream, Fast], W),
    fact("xdel", &[Write, Stream, Fast], W),
    fact("xdelex", &[Write, Stream, Fast], W),
    fact("xgroup", &[Slow], NONE),
    fact("xgroup|create", &[Write, Stream, Slow], W),
    fact("xgroup|createconsumer", &[Write, Stream, Slow], W),
    fact("xgroup|delconsumer", &[Write, Stream, Slow], W),
    fact("xgroup|destroy", &[Write, Stream, Slow], W),
    fact("xgroup|help", &[Stream, Slow], NONE),
    fact("xgroup|setid", &[Write, Stream, Slow], W),
    fact("xinfo", &[Slow], NONE),
    fact("xinfo|consumers", &[Read, Stream, Slow], R),
    fact("xinfo|groups", &[Read, Stream, Slow], R),
    fact("xinfo|help", &[Stream, Slow], NONE),
    fact("xinfo|stream", &[Read, Stream, Slow], R),
    fact("xlen", &[Read, Stream, Fast], TOUCH),
    fact("xpending", &[Read, Stream, Slow], R),
    fact("xrange", &[Read, Stream, Slow], R),
    fact("xread", &[Read, Stream, Slow, Blocking], R),
    fact("xreadgroup", &[Write, Stream, Slow, Blocking], R),
    fact("xrevrange", &[Read, Stream, Slow], R),
    fact("xsetid", &[Write, Stream, Fast], W),
    fact("xtrim", &[Write, Stream, Slow], W),
];
