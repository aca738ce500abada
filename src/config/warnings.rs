//! What a valid configuration says that is not done, or may surprise.

use super::Config;

impl Config {
    /// One sentence for each; the key comes first.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let replica = &self.replica;
        if replica.enabled && replica.replica_priority != 0 {
            warnings.push(format!(
                "replica.replica-priority = {}: the engine cannot be promoted yet; it announces 0, \
                 so that Sentinel never selects it",
                replica.replica_priority
            ));
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priority_that_is_not_announced_is_told() {
        let warnings = |text: &str| Config::parse(text, "").unwrap().warnings();
        assert_eq!(warnings("[replica]\nenabled = true\n"), Vec::<String>::new());
        assert_eq!(warnings("[replica]\nreplica-priority = 5\n"), Vec::<String>::new());
        let told = warnings("[replica]\nenabled = true\nreplica-priority = 5\n");
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("replica.replica-priority = 5: "), "{told:?}");
    }
}
