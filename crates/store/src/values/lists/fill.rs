//! The limits of a list's nodes: `list-max-listpack-size`.

use crate::dialect::Dialect;
use crate::packing::Packing;

/// The sizes that -1 to -5 stand for, in bytes.
const LEVELS: [usize; 5] = [4096, 8192, 16_384, 32_768, 65_536];
/// The largest node where elements are counted, in bytes (`SIZE_SAFETY_LIMIT`).
const SAFE: usize = 8192;
/// The bytes that an element counts besides its own (`SIZE_ESTIMATE_OVERHEAD`).
const OVERHEAD: usize = 8;
/// The bytes that two listpacks have more than one with the same elements.
const FRAME: usize = 7;
/// The same number in Redis 7.0, which still counts as for two ziplists: it lets a node of two grow
/// 4 bytes beyond the limit (measured with 7.0.15).
const FRAME_OF_ZIPLISTS: usize = 11;
/// The size from which on an element has a node of its own, if the limits of nodes do not decide it
/// (`packed_threshold` of Redis 7.0).
const LARGE: usize = 1 << 30;

/// The limits of a list's nodes, and whether a list of one node is called a listpack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill {
    size: i32,
    listpacks: bool,
}

impl Fill {
    pub(crate) fn new(packing: &Packing, dialect: Dialect) -> Self {
        Self { size: packing.list_size, listpacks: dialect.packs_lists() }
    }

    /// Whether small lists are listpacks, which become quicklists and back by rules of their own.
    pub(super) fn has_listpacks(self) -> bool {
        self.listpacks
    }

    /// The limit of a node, in bytes or in elements.
    fn limit(self) -> Limit {
        match usize::try_from(self.size) {
            Ok(count) => Limit::Count(count.max(1)),
            Err(_) => {
                let level = usize::try_from(self.size.unsigned_abs() - 1).unwrap_or(usize::MAX);
                Limit::Bytes(LEVELS[level.min(LEVELS.len() - 1)])
            }
        }
    }

    /// Whether a node of `bytes` and `count` elements is too large (`quicklistNodeExceedsLimit`).
    #[inline]
    pub(super) fn is_over(self, bytes: usize, count: usize) -> bool {
        match self.limit() {
            Limit::Bytes(max) => bytes > max,
            Limit::Count(max) => bytes > SAFE || count > max,
        }
    }

    /// Whether a node of `bytes` and `count` elements takes an element of `len` bytes more
    /// (`_quicklistNodeAllowInsert`).
    #[inline]
    pub(super) fn takes(self, bytes: usize, count: usize, len: usize) -> bool {
        !self.is_large(len) && !self.is_over(bytes + len + OVERHEAD, count + 1)
    }

    /// Whether two nodes of `bytes` and `count` elements together become one
    /// (`_quicklistNodeAllowMerge`).
    pub(super) fn joins(self, bytes: usize, count: usize) -> bool {
        let frame = if self.listpacks { FRAME } else { FRAME_OF_ZIPLISTS };
        !self.is_over(bytes.saturating_sub(frame), count)
    }

    /// Whether an element has a node of its own (`isLargeElement`).
    #[inline]
    pub(super) fn is_large(self, len: usize) -> bool {
        match self.limit() {
            _ if !self.listpacks => len >= LARGE,
            Limit::Bytes(max) => len > max,
            Limit::Count(_) => len > SAFE,
        }
    }

    /// Whether a quicklist of one packed node is small enough to be a listpack again: after it has
    /// shrunk, half of the limit (`listTypeTryConvertQuicklist`).
    pub(super) fn is_listpack(self, bytes: usize, count: usize, has_shrunk: bool) -> bool {
        let part = if has_shrunk { 2 } else { 1 };
        match self.limit() {
            Limit::Bytes(max) => bytes <= max / part,
            Limit::Count(max) => count <= max / part,
        }
    }
}

#[derive(Clone, Copy)]
enum Limit {
    Bytes(usize),
    Count(usize),
}
