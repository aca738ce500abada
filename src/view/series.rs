//! The fields of `/history`.

use serde::Deserialize;

/// The document at `/history`: one value per second, the oldest first.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Series {
    /// The moment of the last values.
    pub end_unix_ms: u64,
    /// Each class.
    pub classes: Vec<ClassSeries>,
    /// Each server.
    pub servers: Vec<ServerSeries>,
}

/// The series of a class.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct ClassSeries {
    pub class: String,
    pub per_s: Vec<Option<u32>>,
    pub p50_us: Vec<Option<u32>>,
    pub p99_us: Vec<Option<u32>>,
}

/// The series of a server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "docs/metrics.md has the fields")]
pub struct ServerSeries {
    pub id: u32,
    pub addr: String,
    pub lag_ms: Vec<Option<u32>>,
    pub reads_per_s: Vec<Option<u32>>,
    pub state: Vec<Option<String>>,
}

impl Series {
    /// The series of a server.
    #[must_use]
    pub fn server(&self, id: u32) -> Option<&ServerSeries> {
        self.servers.iter().find(|it| it.id == id)
    }

    /// The series of a class.
    #[must_use]
    pub fn class(&self, class: &str) -> Option<&ClassSeries> {
        self.classes.iter().find(|it| it.class == class)
    }
}

/// The greatest value of each of `count` equal parts of a series that covers `seconds`: fewer
/// points to draw, and no peak is lost. The last part ends with the last value; a part without a
/// known value is `None`.
#[must_use]
pub fn peaks(values: &[Option<u32>], seconds: usize, count: usize) -> Vec<Option<u32>> {
    let step = (seconds / count.max(1)).max(1);
    let mut peaks: Vec<_> =
        values.rchunks(step).take(count).map(|part| part.iter().flatten().copied().max()).collect();
    peaks.resize(count, None);
    peaks.reverse();
    peaks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_peak_is_lost() {
        let values: Vec<_> = (0..7).map(|it| (it != 3).then_some(it)).collect();
        assert_eq!(peaks(&values, 10, 5), [None, Some(0), Some(2), Some(4), Some(6)]);
        assert_eq!(peaks(&[None, None, Some(9)], 4, 2), [None, Some(9)]);
        assert_eq!(peaks(&[], 600, 3), [None; 3]);
    }
}
