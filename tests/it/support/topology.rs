//! PROXY TOPOLOGY JSON.

use super::wire::Wire;

/// What the proxy says of itself and of its servers.
#[track_caller]
pub fn topology(wire: &mut Wire) -> serde_json::Value {
    let reply = wire.cmd(&["PROXY", "TOPOLOGY", "JSON"]);
    serde_json::from_str(reply.str()).unwrap_or_else(|error| panic!("{error}: {reply:?}"))
}

/// What it says of the server at `addr`.
#[track_caller]
pub fn server(wire: &mut Wire, addr: impl ToString) -> serde_json::Value {
    let (addr, all) = (addr.to_string(), topology(wire));
    let servers = all["backends"].as_array().unwrap();
    let found = servers.iter().find(|it| it["addr"] == *addr).cloned();
    found.unwrap_or_else(|| panic!("no {addr} in {all}"))
}
