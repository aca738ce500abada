//! The connection itself. Rows only, in alphabetical order.

use super::row::{NO_KEYS, local, refused};
use crate::command::{ClientCommand, Command, Effect};

pub(super) const ROWS: &[Command] = &[
    local("auth", -2, NO_KEYS).does(Effect::Auth),
    local("client", -2, NO_KEYS).does(Effect::Client(ClientCommand::Other)).over(CLIENT),
    local("echo", 2, NO_KEYS).does(Effect::Echo),
    local("hello", -1, NO_KEYS).does(Effect::Hello),
    refused("host:", -1, NO_KEYS),
    local("ping", -1, NO_KEYS).does(Effect::Ping),
    refused("post", -1, NO_KEYS),
    local("quit", -1, NO_KEYS).does(Effect::Quit),
    local("reset", 1, NO_KEYS).does(Effect::Reset),
    local("select", 2, NO_KEYS).does(Effect::Select),
];

const CLIENT: &[Command] = &[
    local("client|caching", 3, NO_KEYS).does(Effect::Client(ClientCommand::Caching)),
    local("client|capa", -3, NO_KEYS).does(Effect::Client(ClientCommand::Capa)),
    local("client|getname", 2, NO_KEYS).does(Effect::Client(ClientCommand::GetName)),
    local("client|getredir", 2, NO_KEYS).does(Effect::Client(ClientCommand::GetRedir)),
    local("client|help", 2, NO_KEYS).does(Effect::Client(ClientCommand::Help)),
    local("client|id", 2, NO_KEYS).does(Effect::Client(ClientCommand::Id)),
    local("client|import-source", 3, NO_KEYS).does(Effect::Client(ClientCommand::ImportSource)),
    local("client|info", 2, NO_KEYS).does(Effect::Client(ClientCommand::Info)),
    local("client|kill", -3, NO_KEYS).does(Effect::Client(ClientCommand::Kill)),
    local("client|list", -2, NO_KEYS).does(Effect::Client(ClientCommand::List)),
    local("client|maint_notifications", -3, NO_KEYS)
        .does(Effect::Client(ClientCommand::MaintNotifications)),
    local("client|no-evict", 3, NO_KEYS).does(Effect::Client(ClientCommand::NoEvict)),
    local("client|no-touch", 3, NO_KEYS).does(Effect::Client(ClientCommand::NoTouch)),
    local("client|pause", -3, NO_KEYS).does(Effect::Client(ClientCommand::Pause)),
    local("client|reply", 3, NO_KEYS).does(Effect::Client(ClientCommand::Reply)),
    local("client|setinfo", 4, NO_KEYS).does(Effect::Client(ClientCommand::SetInfo)),
    local("client|setname", 3, NO_KEYS).does(Effect::Client(ClientCommand::SetName)),
    local("client|tracking", -3, NO_KEYS).does(Effect::Client(ClientCommand::Tracking)),
    local("client|trackinginfo", 2, NO_KEYS).does(Effect::Client(ClientCommand::TrackingInfo)),
    local("client|unblock", -3, NO_KEYS).does(Effect::Client(ClientCommand::Unblock)),
    local("client|unpause", 2, NO_KEYS).does(Effect::Client(ClientCommand::Unpause)),
];
