//! An iteration that the server process which began it cannot go on with.

use crate::client::outcome;
use crate::client::planning::levels;
use crate::client::retries::resend::resend;
use crate::client::state::client::Client;
use crate::client::state::replies::scan_step::ScanStep;
use crate::client::state::replies::transform::Transform;
use crate::consistency::Bound;
use crate::routing::{Route, Target};
use crate::session::replies::Sequence;

/// Begins the iteration of request `seq` anew, at a server of this target.
pub(in crate::client) fn restart(
    client: &mut Client,
    seq: Sequence,
    step: ScanStep,
    target: Target,
) {
    let request = step.from_start.clone();
    client.worker.look_at_clock();
    let topology = client.worker.topology();
    let policy = levels::policy_again(client, &request);
    // What the session has seen is surely at the master.
    let target = if policy.level.notes_writes() { Target::Master } else { target };
    match client.worker.route(topology.sole_shard(), policy, target, None) {
        Ok(Route { backend, reason }) => {
            client.worker.count_fallback(reason);
            client.rewrites.add(seq, Transform::Scan(ScanStep { tag: None, ..step }));
            resend(client, backend, false, seq, &request, (Target::Read, Bound::NONE));
        }
        Err(error) => client.deliver_error(seq, &outcome::no_route(error, topology.sole_shard())),
    }
}
