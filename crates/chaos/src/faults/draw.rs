//! Which fault comes next.

use super::driver::Fault;
use crate::stand::Stand;

/// A random fault that may happen on this stand.
pub fn draw(stand: &Stand, random: &mut fastrand::Rng) -> Fault {
    let all = possible(stand);
    let total = all.iter().map(|(_, weight)| weight).sum();
    let mut at = random.u32(0..total);
    for (fault, weight) in all {
        if at < weight {
            return fault;
        }
        at -= weight;
    }
    Fault::Freeze
}

/// The faults, with their weights. Strict runs leave out those after which replication that works
/// as documented may lack acknowledged writes.
fn possible(stand: &Stand) -> Vec<(Fault, u32)> {
    let plan = &stand.plan;
    let mut all = vec![
        (Fault::KillMaster, 4),
        (Fault::KillReplica, 2),
        (Fault::Freeze, 5),
        (Fault::KillClients, 2),
        (Fault::MinReplicas, 1),
        (Fault::Reload, 1),
    ];
    if plan.sentinels {
        all.extend([(Fault::KillSentinel, 1), (Fault::FreezeSentinel, 1)]);
        // A proxy that is not told of the Sentinels learns of a promotion only after it.
        if !plan.strict || stand.proxy.knows_sentinels {
            all.push((Fault::SentinelFailover, 5));
        }
    } else {
        all.extend([(Fault::Failover, 4), (Fault::SwitchPaused, 3)]);
        if !plan.strict {
            all.push((Fault::SwitchAtOnce, 3));
        }
        if stand.proxy.has("HOLD") {
            all.push((Fault::SwitchHeld, 4));
        }
    }
    if stand.proxy.has("HOLD") {
        all.push((Fault::ProxyHold, 2));
    }
    // FAILOVER behind the back of Sentinels ends in a second failover, by them.
    if stand.proxy.has("FAILOVER") && (!plan.sentinels || stand.proxy.knows_sentinels) {
        all.push((Fault::ProxyFailover, 5));
    }
    if plan.relays {
        all.extend([
            (Fault::Cut, 2),
            (Fault::CutWithin, 2),
            (Fault::Delay, 1),
            (Fault::Split, 2),
            (Fault::Silence, 3),
            (Fault::ReplicaLink, 2),
        ]);
        if plan.sentinels {
            all.push((Fault::Partition, 2));
        }
    }
    all
}
