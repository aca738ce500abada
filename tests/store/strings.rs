//! Strings.

use super::*;

#[test]
fn set_get_append() {
    Twin::each(|mut twin| {
        twin.lines(&["SET a 1", "GET a", "APPEND a x", "GET a", "GET b", "APPEND b y", "GET b"]);
    });
}
