//! What the threads of the engine share: the [`Engine`], and the parts that it is made of.
//!
//! | file | what it is |
//! |---|---|
//! | `engine` | the [`Engine`] |
//! | `link_info` | what is known of the link and of the history of the data |
//! | `role` | whether the engine is a master |
//! | `locked` | the data, locked to be changed; given up where a change may be half made |
//! | `turns` | long reads and the link take turns |
//! | `known_commands` | which commands the store answers, and which versions have them |
//! | `acl` | what the proxy's login may read at the servers |
//! | `hub`, `mailbox` | subscribers and monitors, and the messages that wait for each |
//! | `tracking` | which keys clients may have cached, and which clients are told of changes |
//! | `saving` | whether the data are being saved |
//! | `memory` | how much memory is in use, and what frees it |
//! | `feeding` | how other threads reach the thread that feeds sub-replicas |
//! | `background` | work on a thread of its own: frees former data, answers slow reads |
//! | `opaque_news` | log lines about values that cannot be read |
//! | `version` | the version that a server reports |
//! | `clock` | the time of day, and new random ids |

mod acl;
pub(in crate::engine) mod background;
mod clock;
mod engine;
mod feeding;
mod hub;
mod known_commands;
mod link_info;
mod locked;
mod mailbox;
pub(super) mod memory;
mod opaque_news;
mod role;
mod saving;
mod tracking;
mod version;
mod waiting;

pub(super) use acl::Rights;
pub(super) use clock::{random_id, since_1970, unix_ms};
pub use engine::Engine;
pub(super) use feeding::Joining;
pub(super) use hub::Hub;
pub(super) use known_commands::Known;
pub(super) use link_info::{LinkInfo, Transfer};
pub(super) use locked::{Locked, StoreGuard};
pub(super) use mailbox::Mailbox;
pub(super) use opaque_news::log_opaque;
pub(super) use role::Handover;
pub(super) use saving::{
    Ahead, AofState, Changes, Directory, DirectoryError, Farewell, History, Start,
};
pub(super) use tracking::Tracker;
pub(super) use version::{plain, server};
