//! The keys of a request, wherever its command has them.

use tidegate_wire::command::Keys;
use tidegate_wire::resp::Args;

/// So many words are looked at without an allocation.
const FEW: usize = 64;

/// The keys of a request.
#[derive(Clone, Copy, Debug)]
pub struct KeysOf<'a> {
    keys: Keys,
    frame: &'a [u8],
    argc: usize,
}

impl<'a> KeysOf<'a> {
    /// The keys of `frame`, a request of `argc` words whose command has them at `keys`.
    #[must_use]
    pub const fn new(keys: Keys, frame: &'a [u8], argc: usize) -> Self {
        Self { keys, frame, argc }
    }

    /// Whether `is_it` holds for one of them.
    pub fn any(self, is_it: impl Fn(&'a [u8]) -> bool) -> bool {
        match self.keys {
            Keys::None => false,
            Keys::Range { first: 1, last: 1, .. } => {
                Args::new(self.frame).nth(1).is_some_and(is_it)
            }
            _ if self.argc <= FEW => {
                let mut words: [&[u8]; FEW] = [&[]; FEW];
                let count = words.iter_mut().zip(Args::new(self.frame)).map(|(to, it)| *to = it);
                let count = count.count();
                self.any_of(&words[..count], is_it)
            }
            _ => self.any_of(&Args::new(self.frame).to_vec(), is_it),
        }
    }

    fn any_of(self, words: &[&'a [u8]], is_it: impl Fn(&'a [u8]) -> bool) -> bool {
        let word = |at: usize| words.get(at).copied().unwrap_or_default();
        self.keys.positions(words.len(), word).any(|at| words.get(at).is_some_and(|key| is_it(key)))
    }
}
