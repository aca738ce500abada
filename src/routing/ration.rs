//! The master's share of the reads that no fresh replica can serve.

/// Grants a share of the reads, spread evenly.
#[derive(Debug, Default)]
pub struct Ration {
    /// The hundredths of a read that are granted but not used yet.
    owed: u32,
}

impl Ration {
    /// Whether one more read may pass if `percent` of all reads may.
    pub fn grant(&mut self, percent: u32) -> bool {
        self.owed += percent.min(100);
        let grant = self.owed >= 100;
        if grant {
            self.owed -= 100;
        }
        grant
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_kept_to_the_request() {
        for percent in [0, 1, 10, 33, 50, 99, 100] {
            let mut ration = Ration::default();
            let granted = (0..1000).filter(|_| ration.grant(percent)).count();
            assert_eq!(granted, percent as usize * 10);
        }
    }
}
