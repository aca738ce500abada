//! The proxy's own command. No server has it, so it is not in the table. It has precedence over a
//! command of the same name in a master's modules.
//!
//! Subcommands that only look, or concern only the session, are open to every client that is logged
//! in; those that change something else are for operators.

use super::row::{NO_KEYS, admin, local};
use crate::command::{Command, Effect, ProxyCommand};

pub(in crate::command) static PROXY: Command =
    local("proxy", -2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Other)).over(&[
        local("proxy|consistency", -2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Consistency)),
        local("proxy|explain", -3, NO_KEYS).does(Effect::Proxy(ProxyCommand::Explain)),
        admin("proxy|failover", -2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Failover)),
        local("proxy|help", 2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Help)),
        admin("proxy|hold", -2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Hold)),
        local("proxy|next", 3, NO_KEYS).does(Effect::Proxy(ProxyCommand::Next)),
        admin("proxy|release", 2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Release)),
        admin("proxy|reload", 2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Reload)),
        local("proxy|token", 2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Token)),
        local("proxy|topology", -2, NO_KEYS).does(Effect::Proxy(ProxyCommand::Topology)),
        local("proxy|waitfor", 4, NO_KEYS).does(Effect::Proxy(ProxyCommand::WaitFor)),
    ]);
