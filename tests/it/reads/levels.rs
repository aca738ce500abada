//! Which servers answer the reads of a level: `reads.consistency`.

use super::{masters, text_of};
use crate::support::*;

#[test]
fn strong_reads_go_to_the_master() {
    let trio = Trio::spawn(Flavor::Redis70);
    let config = Tidegate::for_trio(&trio);
    let mut proxy = config.clone().set("reads", "consistency", "\"strong\"").start();
    let mut wire = proxy.wire();
    assert_eq!(masters(&trio, &mut wire), 20);
    let told = wire.cmd(&["PROXY", "EXPLAIN", "STRLEN", "k"]);
    assert_eq!(text_of(&told, "route"), trio.master.addr().to_string());

    proxy.reload(&config.set("reads", "consistency", "\"bounded\"").toml());
    eventually(PATIENCE, || match masters(&trio, &mut wire) {
        0 => Ok(()),
        count => Err(format!("the master answered {count} reads")),
    });
}
