//! Members that are integers.

use tidegate_rdb::Element;
use tidegate_wire::resp::integer;

/// Returns the number that a member is or spells (`string2ll`).
pub(super) fn number(member: Element<'_>) -> Option<i64> {
    match member {
        Element::Int(number) => Some(number),
        Element::Bytes(bytes) => integer::parse(bytes),
    }
}
