//! `[pubsub]`: the subscriptions of clients.

use std::time::Duration;

use super::section::section;
use crate::config::kind::{Choice, OneOf, Time};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

section! {
    /// `[pubsub]`: the subscriptions of clients.
    pub struct PubSub = "pubsub" {
        /// What the proxy does with a client whose subscriptions have lost their server.
        "on-gap" => on_gap: OnGap = OnGap::Resume, OneOf::<OnGap>::new(), Live;

        /// How long such a client waits for a master before it is closed, 1 s to 1 day.
        "gap-timeout" => gap_timeout: Duration = Duration::from_secs(60), Time(SECOND, DAY), Live;
    }
}

/// What the proxy does with a client whose subscriptions have lost their server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnGap {
    /// It subscribes again at the master, and the client does not notice.
    Resume,
    /// It closes the client, so that the client knows that it may have missed messages.
    Close,
}

impl Choice for OnGap {
    const ALL: &'static [Self] = &[Self::Resume, Self::Close];

    fn as_str(self) -> &'static str {
        match self {
            Self::Resume => "resume",
            Self::Close => "close",
        }
    }
}
