//! The proxy's own command. No server has it, so it is not in the table. It has precedence over a
//! command of the same name in a master's modules.
//!
//! Subcommands that only look are open to every client that is logged in; those that change
//! something are for operators.

use super::row::{NO_KEYS, admin, local};
use crate::command::{Command, Effect, ProxyCommand};

pub(in crate::command) static PROXY: Command =
    local("proxy", -2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Other)).over(&[
        local("proxy|explain", -3, NO_KEYS).does(Effect::Proxy(ProxyCommand::Explain)),
        admin("proxy|failover", -2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Failover)),
        local("proxy|help", 2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Help)),
        admin("proxy|hold", -2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Hold)),
        admin("proxy|release", 2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Release)),
        admin("proxy|reload", 2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Reload)),
        local("proxy|topology", -2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Topology)),
    ]);
