//! The answer to PSYNC and SYNC at the engine's own port (`syncCommand`).

use super::format::format_for;
use super::settings::limits;
use crate::engine::Engine;
use tidegate_replication::{Announcement, Replica, SyncRequest};
use tidegate_wire::units::ReplId;

const LOADING: &str = "LOADING Redis is loading the dataset in memory";
const NO_LINK: &str = "NOMASTERLINK Can't SYNC while not connected with my master";
const PENDING: &str = "ERR SYNC and PSYNC are invalid with pending output";
const NO_MARKS: &str = "ERR Filtered replica requires EOF capability";

/// A client that asks for the data.
#[derive(Debug)]
pub(in crate::engine) struct Asked<'a> {
    /// Its id.
    pub(in crate::engine) id: u64,
    /// The address from which it has connected.
    pub(in crate::engine) peer: String,
    /// What it has reported of itself.
    pub(in crate::engine) said: &'a Announcement,
    /// The words of its request.
    pub(in crate::engine) words: &'a [&'a [u8]],
    /// Whether replies to earlier requests still wait for it.
    pub(in crate::engine) has_output: bool,
}

/// Makes a client a replica of the source. From then on its connection belongs to the feeding
/// thread.
///
/// # Errors
/// The error to answer with; the client stays what it was.
pub(in crate::engine) fn attach(engine: &Engine, asked: &Asked<'_>) -> Result<(), String> {
    if engine.store().is_void() {
        return Err(LOADING.to_owned());
    }
    let request = SyncRequest::parse(asked.words);
    let mut info = engine.link_info();
    let has_history = info.has_data && info.identity.replid() != ReplId::ZERO;
    let is_linked = info.status.is_up() && info.identity.is_resumable();
    if !has_history || !engine.leads() && !is_linked {
        return Err(NO_LINK.to_owned());
    }
    if asked.has_output {
        return Err(PENDING.to_owned());
    }
    if asked.said.filter.leaves_out() && !asked.said.takes_marks {
        return Err(NO_MARKS.to_owned());
    }
    let request = request.map_err(|error| error.to_string())?;
    let format = format_for(engine.dialect(), asked.said);
    let replica = Replica::new(asked.said, request, asked.peer.clone(), format);
    let identity = info.identity;
    // The limits hold from the first byte on.
    info.source.set_limits(limits(&engine.config.load().replica));
    info.source.attach(asked.id, replica, &identity, engine.now_ms());
    Ok(())
}
