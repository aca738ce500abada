//! Pub/Sub. Rows only, in alphabetical order.

use super::row::{ALL_KEYS, NO_KEYS, ONE_KEY, master, write};
use crate::command::{Command, Effect, Subscription};

pub(super) const ROWS: &[Command] = &[
    master("psubscribe", -2, NO_KEYS).does(Effect::Subscribe(Subscription::Pattern)),
    write("publish", 3, NO_KEYS).replicated().does(Effect::Publish),
    master("pubsub", -2, NO_KEYS).over(PUBSUB),
    master("punsubscribe", -1, NO_KEYS).does(Effect::Unsubscribe(Subscription::Pattern)),
    write("spublish", 3, ONE_KEY).replicated().does(Effect::Publish),
    master("ssubscribe", -2, ALL_KEYS).does(Effect::Subscribe(Subscription::Shard)),
    master("subscribe", -2, NO_KEYS).does(Effect::Subscribe(Subscription::Channel)),
    master("sunsubscribe", -1, ALL_KEYS).does(Effect::Unsubscribe(Subscription::Shard)),
    master("unsubscribe", -1, NO_KEYS).does(Effect::Unsubscribe(Subscription::Channel)),
];

const PUBSUB: &[Command] = &[
    master("pubsub|channels", -2, NO_KEYS),
    master("pubsub|help", 2, NO_KEYS),
    master("pubsub|numpat", 2, NO_KEYS),
    master("pubsub|numsub", -2, NO_KEYS),
    master("pubsub|shardchannels", -2, NO_KEYS),
    master("pubsub|shardnumsub", -2, NO_KEYS),
];
