//! The proxy's own command. No server has it, so it is no row of the table: it stands beside it,
//! and before what a master's modules may call by the same name.

use super::row::{NO_KEYS, admin};
use crate::command::{Command, Effect, ProxyCommand};

pub(in crate::command) static PROXY: Command =
    admin("proxy", -2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Other)).over(&[
        admin("proxy|explain", -3, NO_KEYS).does(Effect::Proxy(ProxyCommand::Explain)),
        admin("proxy|help", 2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Help)),
        admin("proxy|reload", 2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Reload)),
        admin("proxy|topology", 2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Topology)),
    ]);
