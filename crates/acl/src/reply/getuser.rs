//! The reply to `ACL GETUSER`.

use tidegate_wire::resp::{RespVersion, encode};

use crate::catalog::Catalog;
use crate::rules::{Selector, User};

pub(super) fn write(out: &mut Vec<u8>, version: RespVersion, catalog: &Catalog, user: &User) {
    encode::map(out, version, 6);
    encode::bulk(out, b"flags");
    let flags: Vec<_> = user.flags().collect();
    encode::set(out, version, flags.len());
    for flag in flags {
        encode::bulk(out, flag.as_bytes());
    }
    encode::bulk(out, b"passwords");
    encode::array(out, user.passwords().len());
    for digest in user.passwords().iter() {
        encode::bulk(out, digest.hex().as_bytes());
    }
    selector(out, catalog, user.root());
    encode::bulk(out, b"selectors");
    encode::array(out, user.selectors().len());
    for own in user.selectors() {
        encode::map(out, version, 3);
        selector(out, catalog, own);
    }
}

/// Writes the three fields of a selector.
fn selector(out: &mut Vec<u8>, catalog: &Catalog, selector: &Selector) {
    encode::bulk(out, b"commands");
    encode::bulk(out, selector.describe_commands(catalog).as_bytes());
    encode::bulk(out, b"keys");
    encode::bulk(out, &selector.describe_keys());
    encode::bulk(out, b"channels");
    encode::bulk(out, &selector.describe_channels());
}
