//! Counting up and down.

use super::*;

#[test]
fn integers() {
    Twin::each(|mut twin| {
        twin.lines(&[
            "INCR n",
            "INCR n",
            "DECR n",
            "DECR m",
            "INCRBY n 41",
            "DECRBY n 2",
            "INCRBY n x",
            "INCRBY n 9223372036854775807",
            "INCRBY n -9223372036854775808",
            "GET n",
            "DECRBY n 9223372036854775807",
            "DECRBY n -9223372036854775808",
            "SET zero 0",
            "DECRBY zero -9223372036854775808",
            "GET zero",
            "SET less -1",
            "DECRBY less -9223372036854775808",
            "SET t x",
            "INCR t",
            "SET f 1.5",
            "INCR f",
            "SET big 9223372036854775807",
            "INCR big",
            "SET over 9223372036854775808",
            "INCR over",
            "SET long 00000000000000000001",
            "INCR long",
            "SET e 5 EX 100",
            "INCR e",
            "SET minus -0",
            "INCR minus",
            "SET plus +1",
            "INCR plus",
        ]);
        twin.same(&["SET", "empty", ""]);
        twin.line("INCR empty");
        for key in ["n", "m", "zero", "t", "f", "over", "e", "empty"] {
            same_inside(&mut twin, key.as_bytes());
        }
    });
}
