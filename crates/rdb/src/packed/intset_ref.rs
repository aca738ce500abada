//! A borrowed intset, which can be walked and searched.

/// The length of width (4) and count (4).
pub(super) const HEADER: usize = 8;

/// The bytes of an intset.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct IntsetRef<'a>(&'a [u8]);

impl<'a> IntsetRef<'a> {
    /// Takes `bytes` unchecked: for bytes that were checked before. If they are no intset the
    /// answers are wrong, and nothing panics.
    #[must_use]
    pub fn trusted(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes of the intset.
    #[must_use]
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The width of an integer, in bytes: 2, 4 or 8.
    #[must_use]
    pub fn width(self) -> usize {
        self.0.first().copied().map_or(8, usize::from).max(1)
    }

    /// The number of integers.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.len().saturating_sub(HEADER) / self.width()
    }

    /// Whether there are no integers.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns the integer at `index`, in ascending order.
    #[must_use]
    pub fn get(self, index: usize) -> Option<i64> {
        let start = HEADER.checked_add(index.checked_mul(self.width())?)?;
        integer(self.0.get(start..start.checked_add(self.width())?)?)
    }

    /// Returns where `number` is, or where it belongs.
    pub(super) fn search(self, number: i64) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.get(middle) {
                Some(found) if found == number => return Ok(middle),
                Some(found) if found < number => low = middle + 1,
                _ => high = middle,
            }
        }
        Err(low)
    }

    /// Whether the intset has `number`.
    #[must_use]
    pub fn contains(self, number: i64) -> bool {
        width_of(number) <= self.width() && self.search(number).is_ok()
    }

    /// The integers, ascending.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = i64> + ExactSizeIterator + use<'a> {
        let integers = self.0.get(HEADER..).unwrap_or_default();
        integers.chunks_exact(self.width()).map(|bytes| integer(bytes).unwrap_or_default())
    }
}

/// Returns the width that holds `number`, in bytes.
pub(super) fn width_of(number: i64) -> usize {
    match number {
        -0x8000..=0x7fff => 2,
        -0x8000_0000..=0x7fff_ffff => 4,
        _ => 8,
    }
}

/// Returns the integer of 2, 4 or 8 bytes.
pub(super) fn integer(bytes: &[u8]) -> Option<i64> {
    Some(match *bytes {
        [a, b] => i16::from_le_bytes([a, b]).into(),
        [a, b, c, d] => i32::from_le_bytes([a, b, c, d]).into(),
        _ => i64::from_le_bytes(*bytes.first_chunk()?),
    })
}

impl std::fmt::Debug for IntsetRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
