//! The faults of a run: each is made, lasts, ends, and everything is in order again after it.

pub mod draw;
pub mod driver;
mod network;
mod process;
mod switch;

use self::driver::{Driver, Fault};
use crate::history::Disturbance;

/// Makes one fault, and waits until it is over.
pub fn make(driver: &mut Driver<'_>, fault: Fault) {
    let from = driver.clock.now();
    let server = act(driver, fault);
    let what = format!("{fault:?}");
    let until = driver.clock.now();
    driver.disturbances.push(Disturbance { what, server, from, until });
}

fn act(driver: &mut Driver<'_>, fault: Fault) -> Option<usize> {
    match fault {
        Fault::SentinelFailover
        | Fault::Failover
        | Fault::ProxyFailover
        | Fault::ProxyHold
        | Fault::SwitchAtOnce
        | Fault::SwitchPaused
        | Fault::SwitchHeld => switch::act(driver, fault),
        Fault::KillMaster
        | Fault::KillReplica
        | Fault::Freeze
        | Fault::KillSentinel
        | Fault::FreezeSentinel
        | Fault::Reload => process::act(driver, fault),
        _ => network::act(driver, fault),
    }
}
