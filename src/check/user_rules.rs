//! Findings about rules of users that name what the master does not have.

use super::finding::Finding;
use crate::config::Config;
use crate::monitor::{Dial, ask_catalog};
use crate::topology::Topology;

/// The rules about commands and categories that neither Tidegate nor the master knows. A rule with a
/// dot may be about a module, so a mistake in its name is seen only there.
pub(super) async fn findings(config: &Config, topology: &Topology) -> Vec<Finding> {
    let master = topology.sole_shard().master().filter(|_| config.accounts.are_named);
    let Some(master) = master else { return Vec::new() };
    let dial = Dial::new(&master.addr, config).pinned_to(master.endpoint);
    let Some(catalog) = ask_catalog(dial).await else { return Vec::new() };
    let accounts = config.accounts.with_catalog(&catalog);
    let about = |(user, rules): (String, String)| {
        Finding::problem(format!(
            "user {user:?} has rules about commands that the master {} lacks: {rules}",
            master.addr
        ))
    };
    accounts.unknown_rules().map(about).collect()
}
