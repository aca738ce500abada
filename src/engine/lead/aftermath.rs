//! What follows from the effects of a command: replicas get the stream, clients that watch or track
//! keys and subscribers are told.

use super::notifications::Notifications;
use super::sent::Sent;
use super::stream_writer::StreamWriter;
use super::watchers::Watchers;
use crate::engine::state::Hub;
use tidegate_store::{Effects, Replicated};

/// What follows from the effects of commands.
#[derive(Debug, Default)]
pub(super) struct Aftermath {
    pub(super) stream: StreamWriter,
    /// The clients that watch keys.
    pub(super) watchers: Watchers,
    pub(super) notifications: Notifications,
}

impl Aftermath {
    /// Takes the effects of a command: its words, and the client that has sent it.
    pub(super) fn take(
        &mut self,
        hub: &Hub,
        effects: &Effects,
        (request, client): (Sent<'_>, Option<u64>),
    ) {
        self.replicate(effects, request);
        self.tell(hub, effects, client);
    }

    /// As [`Self::take`], for a command that is a unit of the stream.
    pub(super) fn take_unit(
        &mut self,
        hub: &Hub,
        effects: &Effects,
        request: (Sent<'_>, Option<u64>),
    ) {
        self.take(hub, effects, request);
        self.stream.end_unit();
    }

    /// Writes the stream.
    pub(super) fn replicate(&mut self, effects: &Effects, request: Sent<'_>) {
        for command in effects.commands() {
            self.add(&command, request);
        }
        if effects.commands().len() > 1 && !effects.is_transaction() {
            self.stream.be_loose();
        }
    }

    /// Tells the clients that watch or track keys, and the subscribers.
    pub(super) fn tell(&self, hub: &Hub, effects: &Effects, client: Option<u64>) {
        for change in effects.changes() {
            self.watchers.note(&change);
            hub.tracking.note(&change, client);
        }
        for event in effects.events() {
            self.notifications.publish(hub, &event);
        }
    }

    fn add(&mut self, command: &Replicated<'_>, request: Sent<'_>) {
        if command.is_verbatim() && !request.frame.is_empty() {
            self.stream.add_frame(command.db, request.frame);
        } else if command.is_verbatim() {
            self.stream.add(command.db, request.words.iter().copied());
        } else {
            self.stream.add(command.db, command.words(&[]));
        }
    }
}
