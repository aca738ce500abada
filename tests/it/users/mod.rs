//! Users with rights, limits and policies of their own, at the proxy's ports and the engine's.

mod attacks;
mod engine;
mod limits;
mod logins;
mod modules;
mod pages;
mod passed_on;
mod rights;

use crate::support::*;

/// Two users in front of these servers: one for a cache, and one that may do everything.
pub fn config(trio: &Trio) -> ConfigBuilder {
    Tidegate::for_trio(trio).set("proxy", "requirepass", "\"front\"").extra(
        "[[user]]\n\
         name = \"cache\"\n\
         password = \"secret\"\n\
         keys = \"~cache:* %R~shared:*\"\n\
         channels = \"&news:*\"\n\
         commands = \"+@all -@dangerous -@admin +client\"\n",
    )
}

/// A connection that is logged in.
pub fn login(proxy: &Tidegate, user: &str, password: &str) -> Wire {
    let mut wire = Wire::connect(proxy.addr());
    assert_eq!(wire.cmd(&["AUTH", user, password]).str(), "OK");
    wire
}
