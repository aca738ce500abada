//! The proxy's own command. No server has it, so it is no row of the table: it stands beside it,
//! and before what a master's modules may call by the same name.
//!
//! What only looks is open to every client that is logged in; what changes is an operator's.

use super::row::{NO_KEYS, admin, local};
use crate::command::{Command, Effect, ProxyCommand};

pub(in crate::command) static PROXY: Command =
    local("proxy", -2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Other)).over(&[
        local("proxy|explain", -3, NO_KEYS).does(Effect::Proxy(ProxyCommand::Explain)),
        local("proxy|help", 2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Help)),
        admin("proxy|reload", 2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Reload)),
        local("proxy|topology", -2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Topology)),
    ]);
