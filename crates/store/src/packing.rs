//! The limits up to which values stay packed: redis.conf's `hash-max-listpack-entries` and its
//! like.

use super::dialect::Dialect;

/// The limits by which a server packs values. A replica needs those of its master to answer
/// `OBJECT ENCODING` as the master does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// `hash-max-listpack-entries`
    pub hash_entries: usize,
    /// `hash-max-listpack-value`, in bytes.
    pub hash_value: usize,
    /// `list-max-listpack-size`: elements of a node, or, below zero, 4 to 64 KiB.
    pub list_size: i32,
    /// `set-max-intset-entries`
    pub set_ints: usize,
    /// `set-max-listpack-entries`; 0 where sets are never packed (before Redis 7.2).
    pub set_entries: usize,
    /// `set-max-listpack-value`, in bytes.
    pub set_value: usize,
    /// `zset-max-listpack-entries`
    pub zset_entries: usize,
    /// `zset-max-listpack-value`, in bytes.
    pub zset_value: usize,
    /// `stream-node-max-bytes`
    pub stream_node_bytes: usize,
    /// `stream-node-max-entries`
    pub stream_node_entries: usize,
    /// `hll-sparse-max-bytes`
    pub hll_sparse_bytes: usize,
}

impl Packing {
    /// Returns the defaults of a server.
    #[must_use]
    pub fn of(dialect: Dialect) -> Self {
        Self {
            // Measured with `CONFIG GET`.
            hash_entries: if dialect.since((8, 0), (8, 1)) { 512 } else { 128 },
            hash_value: 64,
            list_size: -2,
            set_ints: 512,
            set_entries: if dialect.since_redis((7, 2)) { 128 } else { 0 },
            set_value: 64,
            zset_entries: 128,
            zset_value: 64,
            stream_node_bytes: 4096,
            stream_node_entries: 100,
            hll_sparse_bytes: 3000,
        }
    }

    /// Returns these limits with the settings of a server: names and values of its configuration,
    /// with older names (`hash-max-ziplist-entries`) too. Other settings and invalid values are
    /// ignored.
    #[must_use]
    pub fn with(mut self, settings: &[(String, String)]) -> Self {
        for (name, value) in settings {
            let name = name.replace("ziplist", "listpack");
            if name == LIST_SIZE {
                self.list_size = value.parse().unwrap_or(self.list_size);
            }
            let limit = self.limits().into_iter().find(|(known, _)| *known == name);
            if let (Some((_, limit)), Ok(value)) = (limit, value.parse::<usize>()) {
                *limit = value.min(MOST);
            }
        }
        self
    }

    /// Returns the limits that are not a server's defaults, in the form that [`Self::with`] takes.
    #[must_use]
    pub fn settings(mut self, dialect: Dialect) -> Vec<(&'static str, String)> {
        let mut usual = Self::of(dialect);
        let list = (self.list_size != usual.list_size).then_some((LIST_SIZE, self.list_size));
        let list = list.map(|(name, size)| (name, size.to_string()));
        let pairs = self.limits().into_iter().zip(usual.limits());
        let others = pairs.filter(|((_, own), (_, usual))| own != usual);
        list.into_iter().chain(others.map(|((name, own), _)| (name, own.to_string()))).collect()
    }

    /// Returns all limits by the names that a server of this dialect gives them.
    #[must_use]
    pub fn all(mut self, dialect: Dialect) -> Vec<(String, String)> {
        // Redis 6.2 has ziplists.
        let name = |name: &str| match dialect.has_subcommands() {
            true => name.to_owned(),
            false => name.replace("listpack", "ziplist"),
        };
        let list = (name(LIST_SIZE), self.list_size.to_string());
        let limits = self.limits().map(|(own, limit)| (name(own), limit.to_string()));
        std::iter::once(list).chain(limits).collect()
    }

    /// Returns all limits by their names, without `list-max-listpack-size`, which may be negative.
    fn limits(&mut self) -> [(&'static str, &mut usize); 10] {
        [
            ("hash-max-listpack-entries", &mut self.hash_entries),
            ("hash-max-listpack-value", &mut self.hash_value),
            ("set-max-intset-entries", &mut self.set_ints),
            ("set-max-listpack-entries", &mut self.set_entries),
            ("set-max-listpack-value", &mut self.set_value),
            ("zset-max-listpack-entries", &mut self.zset_entries),
            ("zset-max-listpack-value", &mut self.zset_value),
            ("stream-node-max-bytes", &mut self.stream_node_bytes),
            ("stream-node-max-entries", &mut self.stream_node_entries),
            ("hll-sparse-max-bytes", &mut self.hll_sparse_bytes),
        ]
    }
}

/// The largest limit that is followed, because packed values are searched from their beginning.
const MOST: usize = 1 << 16;

const LIST_SIZE: &str = "list-max-listpack-size";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_by_any_versions_names_and_unusual_ones_are_listed() {
        let usual = Packing::of(Dialect::default());
        assert_eq!(usual.settings(Dialect::default()), []);
        let said = [
            ("list-max-ziplist-size", "-5"),
            ("hash-max-ziplist-value", "9"),
            ("zset-max-listpack-entries", "7"),
            ("hll-sparse-max-bytes", "many"),
            ("slowlog-max-len", "1"),
        ];
        let said = said.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let unusual = usual.with(&said);
        assert_eq!(unusual, Packing { list_size: -5, hash_value: 9, zset_entries: 7, ..usual });
        let listed = unusual.settings(Dialect::default());
        let listed: Vec<_> =
            listed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!((listed.len(), usual.with(&listed)), (3, unusual));
    }
}
