//! The access of commands for which it depends on the options.

use crate::arguments::Arguments;
use crate::catalog::Command;
use crate::facts::{Access, KeyAccess};

/// Returns what a request does to its keys.
pub(super) fn of<'a>(command: &Command, args: &impl Arguments<'a>) -> KeyAccess {
    match &*command.name {
        "set" => KeyAccess::every(of_set(args)),
        "bitfield" => KeyAccess::every(of_bitfield(args)),
        _ => command.access,
    }
}

/// SET reads the former value only with GET.
fn of_set<'a>(args: &impl Arguments<'a>) -> Access {
    let gets = (3..args.count()).any(|at| args.at(at).eq_ignore_ascii_case(b"get"));
    if gets { Access::BOTH } else { Access::WRITE }
}

/// BITFIELD only reads if it has no operation but GET. A mistake counts as a write.
fn of_bitfield<'a>(args: &impl Arguments<'a>) -> Access {
    let mut at = 2;
    while at < args.count() {
        let (word, left) = (args.at(at), args.count() - at - 1);
        if word.eq_ignore_ascii_case(b"get") && left >= 2 {
            at += 3;
        } else if word.eq_ignore_ascii_case(b"overflow") && left >= 1 {
            at += 2;
        } else {
            return Access::BOTH;
        }
    }
    Access::READ
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_decide() {
        let words = |line: &'static str| line.split(' ').collect::<Vec<_>>();
        let set = |line| of_set(&&words(line)[..]);
        assert_eq!(set("SET k get"), Access::WRITE);
        assert_eq!(set("SET k v NX"), Access::WRITE);
        assert_eq!(set("SET k v NX Get"), Access::BOTH);
        let bitfield = |line| of_bitfield(&&words(line)[..]);
        assert_eq!(bitfield("BITFIELD k"), Access::READ);
        assert_eq!(bitfield("BITFIELD k GET u8 0 OVERFLOW WRAP get u8 1"), Access::READ);
        assert_eq!(bitfield("BITFIELD k GET u8"), Access::BOTH);
        assert_eq!(bitfield("BITFIELD k GET u8 0 SET u8 0 1"), Access::BOTH);
    }
}
