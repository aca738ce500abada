//! The commands of subscribers and monitors. A PUBLISH at the port reaches the port's own
//! subscribers, as on any replica.

use crate::engine::serve::call::Call;
use tidegate_store::subcommand_syntax;
use tidegate_wire::command::{Effect, Subscription};
use tidegate_wire::resp::encode;

/// Runs SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE.
pub(in crate::engine::serve) fn subscribe(call: &mut Call<'_, '_>) {
    let Effect::Subscribe(kind) = call.command.effect else { return };
    let verb = call.command.name;
    for name in call.args.iter().skip(1) {
        let client = &mut *call.client;
        let change = client.session.subscriptions.subscribe(kind, std::iter::once(*name));
        for new in change.names.iter().filter(|named| named.is_change) {
            client.context.engine.hub.subscribe(kind, &new.name, &client.mailbox);
        }
        confirm(call, verb, Some(name));
    }
    bound(call);
}

/// Runs UNSUBSCRIBE, PUNSUBSCRIBE, SUNSUBSCRIBE.
pub(in crate::engine::serve) fn unsubscribe(call: &mut Call<'_, '_>) {
    let Effect::Unsubscribe(kind) = call.command.effect else { return };
    let verb = call.command.name;
    let names: Vec<Box<[u8]>> = if call.args.len() > 1 {
        call.args.iter().skip(1).map(|name| Box::from(*name)).collect()
    } else {
        call.client.session.subscriptions.of(kind).map(Box::from).collect()
    };
    if names.is_empty() {
        return confirm(call, verb, None);
    }
    for name in names {
        let client = &mut *call.client;
        client.context.engine.hub.unsubscribe(kind, &name, client.entry.id);
        client.session.subscriptions.unsubscribe(kind, std::iter::once(&*name));
        // Messages that were published before come before the confirmation.
        client.take_last_mail();
        confirm(call, verb, Some(&name));
    }
    bound(call);
}

/// Tells the mailbox of the subscriptions.
fn bound(call: &Call<'_, '_>) {
    let client = &call.client;
    client.mailbox.bound(client.output_limit());
    client.mailbox.subscribes(client.session.subscriptions.any());
}

/// Writes a confirmation with the number of subscriptions left. Shard channels have a number of
/// their own.
fn confirm(call: &mut Call<'_, '_>, verb: &str, name: Option<&[u8]>) {
    let subscriptions = &call.client.session.subscriptions;
    let count = |kind| subscriptions.count(kind);
    let left = match verb {
        "ssubscribe" | "sunsubscribe" => count(Subscription::Shard),
        _ => count(Subscription::Channel) + count(Subscription::Pattern),
    };
    let version = call.version();
    let out = call.client.push_out();
    encode::push(out, version, 3);
    encode::bulk(out, verb.as_bytes());
    match name {
        Some(name) => encode::bulk(out, name),
        None => encode::null(out, version),
    }
    encode::integer(out, i64::try_from(left).unwrap_or(i64::MAX));
}

/// Runs PUBLISH, SPUBLISH.
pub(in crate::engine::serve) fn publish(call: &mut Call<'_, '_>) {
    let is_sharded = call.command.name == "spublish";
    let reached = call.engine().hub.publish(call.arg(1), call.arg(2), is_sharded);
    if call.engine().leads() {
        call.replicate();
    }
    // A client that publishes to itself gets the message before the reply.
    call.client.take_mail();
    call.integer(reached);
}

/// Runs PUBSUB.
pub(in crate::engine::serve) fn pubsub(call: &mut Call<'_, '_>) {
    let engine = call.engine();
    let hub = &engine.hub;
    let kind = match call.command.name {
        "pubsub|shardchannels" | "pubsub|shardnumsub" => Subscription::Shard,
        _ => Subscription::Channel,
    };
    match call.command.name {
        "pubsub|channels" | "pubsub|shardchannels" => {
            if call.args.len() > 3 {
                let error = subcommand_syntax(call.arg(1), "pubsub", engine.dialect());
                return error.write(call.out());
            }
            let names = hub.names(kind, call.args.get(2).copied());
            call.strings(&names);
        }
        "pubsub|numsub" | "pubsub|shardnumsub" => {
            let names = call.args.get(2..).unwrap_or_default();
            encode::array(call.out(), names.len() * 2);
            for name in names {
                encode::bulk(call.out(), name);
                call.integer(hub.count(kind, name));
            }
        }
        "pubsub|numpat" => call.integer(hub.len(Subscription::Pattern)),
        _ => call.strings(&[
            "PUBSUB CHANNELS [pattern]",
            "PUBSUB NUMPAT",
            "PUBSUB NUMSUB [channel ...]",
            "PUBSUB SHARDCHANNELS [pattern]",
            "PUBSUB SHARDNUMSUB [channel ...]",
        ]),
    }
}

/// Runs MONITOR.
pub(in crate::engine::serve) fn monitor(call: &mut Call<'_, '_>) {
    call.ok();
    call.client.session.monitor = true;
    call.engine().hub.watch(&call.client.mailbox);
}
