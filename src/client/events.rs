//! Events for one client, from servers, other clients and the process, handled once per turn.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::backend::Event;
use crate::client::commands::{pubsub, redirection};
use crate::client::ending::Ending;
use crate::client::lost_connection;
use crate::client::replies::{acknowledge, output, rewrite};
use crate::client::retries::lost_writes::LostWrites;
use crate::client::retries::{begin_anew, recover, renewing, resend};
use crate::client::state::client::Client;

/// Acts on what came since the last turn.
pub(in crate::client) fn look(client: &mut Client) {
    if client.session.subscriptions.any() {
        follow_users(client);
    }
    client.inbox.looked();
    let events = client.inbox.take_events();
    let lost = LostWrites::among(&events, |request| resend::may_write(client, request));
    for event in events {
        client.presence.touch();
        client.presence.change();
        match event {
            Event::Whole(whole) if begin_anew::keeps(client, &whole) => {}
            Event::Whole(whole) => rewrite::pass_on(client, whole),
            Event::Failed(failed) => recover::failed(client, failed, &lost),
            Event::Denied(seq) => pubsub::refused(client, seq),
            Event::Renewed => renewing::go_on(client),
            Event::NotRenewed(error) => renewing::refused(client, &error),
            Event::Demoted => lost_connection::demoted(client),
            Event::LeaseLost(reason) => lost_connection::closed(client, &reason),
            Event::LeaseRefused(refusal) => lost_connection::refused(client, &refusal),
        }
    }
    renewing::look(client);
    redirection::look(client);
    acknowledge::unpark(client);
    recover::retry_writes(client);
    begin_anew::look(client);
    client.worker.ask_bounds();
    if client.inbox.is_broken() {
        tracing::error!(client = %client.entry.addr, "closed: a reply did not match the client's next request");
        client.end(Ending::Now);
    }
    if client.entry.is_killed() {
        client.end(Ending::Now);
    }
    if client.entry.take_kill_if_idle() {
        prove_busy(client);
    }
    if client.worker.shared.draining.load(Relaxed) {
        // A client that waits for something that may never come would hold the process up.
        let endless = client.waits_endlessly();
        client.end(if endless { Ending::Now } else { Ending::AfterRequests });
    }
    output::check(client);
    client.settle();
}

/// Closes a client that was idle for `timeout`, unless it waits for a reply or for its turn.
fn prove_busy(client: &mut Client) {
    if client.reading.is_waiting() || !client.inbox.replies().is_settled() {
        // The idle time starts again when the client has its reply.
        client.presence.touch();
    } else {
        client.end(Ending::Now);
    }
}

/// A client that only listens makes no request at which it would be seen that its users are others.
fn follow_users(client: &mut Client) {
    let config = client.worker.config();
    if !Arc::ptr_eq(&config.accounts, &client.config.accounts) {
        client.follow_config(&config);
    }
}
