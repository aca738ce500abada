//! The common part of `HRANDFIELD`, `SRANDMEMBER` and `ZRANDMEMBER`: their arguments, and how
//! elements are picked.

use std::collections::HashSet;
use std::hash::Hash;

use crate::call::{CommandError, Reply, words};
use crate::execution::{Args, Done};

/// The longest reply, in bytes: a client may ask for the same element without end.
const MAX_REPLY: usize = 512 << 20;
/// The bytes of the shortest element in a reply.
const SHORTEST: usize = b"$0\r\n\r\n".len();
/// Elements are picked one by one, and not all walked, if there are so many times more than are
/// wanted.
const FEW: usize = 3;

const OUT_OF_RANGE: CommandError = CommandError::new("ERR value is out of range");
const TOO_MUCH: CommandError = CommandError::new("ERR reply would be longer than 512 MB");

/// A collection from which elements are picked.
pub(crate) trait Pool<'a> {
    /// An element, with its value or score.
    type Item: Copy;
    /// The name of an element, by which elements are distinguished.
    type Name: Copy + Eq + Hash;

    /// The number of elements.
    fn len(&self) -> usize;

    /// The elements, in the order in which a reply has all of them.
    fn all(&self) -> impl Iterator<Item = Self::Item>;

    /// Returns a random element, each with the same probability; `None` if none is found at once.
    fn any(&self, random: &mut fastrand::Rng) -> Option<(Self::Name, Self::Item)>;

    /// Writes an element, with its value or score if `paired`.
    fn write(item: Self::Item, paired: bool, reply: &mut Reply<'_>);
}

/// The number of elements that a client asks for, and in which way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    many: usize,
    /// Whether the same element may come twice.
    repeated: bool,
    /// Whether values or scores are wanted too.
    paired: bool,
}

impl Wanted {
    /// Reads `count [option]`, the last words of a request. `option` is the option that the command
    /// has.
    pub(crate) fn of(words: Args<'_>, option: Option<&str>) -> Result<Self, CommandError> {
        let (count, options) = words.split_first().ok_or(CommandError::SYNTAX)?;
        let count = words::negatable(count)?;
        let paired = match options {
            [] => false,
            [word] if option.is_some_and(|option| words::is(word, option)) => true,
            _ => return Err(CommandError::SYNTAX),
        };
        if paired && count.unsigned_abs() > i64::MAX.unsigned_abs() / 2 {
            return Err(OUT_OF_RANGE);
        }
        let many = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        Ok(Self { many, repeated: count < 0, paired })
    }
}

impl Wanted {
    /// About how many steps it takes to choose so many of `len` elements.
    pub(crate) fn steps(&self, len: usize) -> usize {
        // All are walked if many are wanted without repetition.
        let met = if self.repeated { self.many } else { self.many.saturating_mul(3).min(len) };
        met.saturating_mul(2)
    }
}

/// Returns a random element.
pub(crate) fn one<'a, P: Pool<'a>>(pool: &P) -> Option<P::Item> {
    pick(pool, &mut fastrand::Rng::new())
}

fn pick<'a, P: Pool<'a>>(pool: &P, random: &mut fastrand::Rng) -> Option<P::Item> {
    if let Some((_, item)) = pool.any(random) {
        return Some(item);
    }
    // Some collections have to count.
    match pool.len() {
        0 => None,
        len => pool.all().nth(random.usize(..len)),
    }
}

/// Returns up to `many` elements, none of them twice; all of them, in their order, if there are no
/// more.
pub(crate) fn distinct<'a, P: Pool<'a>>(pool: &P, many: usize) -> Vec<P::Item> {
    let len = pool.len();
    if many >= len {
        return pool.all().collect();
    }
    let mut random = fastrand::Rng::new();
    if many.saturating_mul(FEW) > len {
        return random.choose_multiple(pool.all(), many);
    }
    let (mut known, mut chosen) = (HashSet::with_capacity(many), Vec::with_capacity(many));
    while chosen.len() < many {
        match pool.any(&mut random) {
            Some((name, item)) if known.insert(name) => chosen.push(item),
            Some(_) => {}
            None => return random.choose_multiple(pool.all(), many),
        }
    }
    chosen
}

/// Writes the reply of a command with a count.
///
/// # Errors
/// The reply would be too long.
pub(crate) fn write_reply<'a, P: Pool<'a>>(
    pool: Option<P>,
    wanted: Wanted,
    reply: &mut Reply<'_>,
) -> Done {
    let Wanted { many, repeated, paired } = wanted;
    match pool.filter(|pool| many > 0 && pool.len() > 0) {
        Some(pool) if repeated => write_repeated(&pool, many, paired, reply),
        Some(pool) => {
            let chosen = distinct(&pool, many);
            head(reply, chosen.len(), paired);
            chosen.into_iter().for_each(|item| P::write(item, paired, reply));
            Ok(())
        }
        None => {
            reply.array(0);
            Ok(())
        }
    }
}

/// Writes `many` random elements, of which some may come twice.
fn write_repeated<'a, P: Pool<'a>>(
    pool: &P,
    many: usize,
    paired: bool,
    reply: &mut Reply<'_>,
) -> Done {
    if many > MAX_REPLY / SHORTEST {
        return Err(TOO_MUCH);
    }
    let mut random = fastrand::Rng::new();
    // If elements are not found at once, all are walked once.
    let is_quick = pool.any(&mut random).is_some();
    let listed: Vec<_> = if is_quick { Vec::new() } else { pool.all().collect() };
    head(reply, many, paired);
    let start = reply.mark();
    for _ in 0..many {
        let item = random.choice(&listed).copied().or_else(|| pick(pool, &mut random));
        // There is one: the collection is not empty.
        let item = item.ok_or(OUT_OF_RANGE)?;
        P::write(item, paired, reply);
        if reply.mark() - start > MAX_REPLY {
            return Err(TOO_MUCH);
        }
    }
    Ok(())
}

/// Writes the head of an array of elements. In RESP3 each pair is an array of its own.
fn head(reply: &mut Reply<'_>, len: usize, paired: bool) {
    reply.array(if paired && !reply.is_resp3() { 2 * len } else { len });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use tidegate_wire::resp::RespVersion;

    /// The numbers below `len`, of which those below `quick` are found at once.
    #[derive(Clone, Copy)]
    struct Numbers {
        len: usize,
        quick: usize,
    }

    impl Pool<'_> for Numbers {
        type Item = usize;
        type Name = usize;

        fn len(&self) -> usize {
            self.len
        }

        fn all(&self) -> impl Iterator<Item = usize> {
            0..self.len
        }

        fn any(&self, random: &mut fastrand::Rng) -> Option<(usize, usize)> {
            let number = random.usize(..self.len.max(1));
            (number < self.quick).then_some((number, number))
        }

        fn write(item: usize, _: bool, reply: &mut Reply<'_>) {
            reply.count(item);
        }
    }

    #[test]
    fn distinct_ones_are_as_many_as_there_are() {
        for (len, quick) in [(0, 0), (1, 0), (100, 0), (100, 30), (100, 100)] {
            let pool = Numbers { len, quick };
            assert_eq!(one(&pool).is_some(), len > 0);
            for many in [0, 1, 2, 30, 60, 99, 100, usize::MAX] {
                let mut chosen = distinct(&pool, many);
                assert_eq!(chosen.len(), many.min(len), "{many} of {len}");
                chosen.sort_unstable();
                chosen.dedup();
                assert_eq!(chosen.len(), many.min(len), "{many} of {len}");
                assert!(chosen.iter().all(|&number| number < len));
            }
        }
    }

    fn replied(pool: Option<Numbers>, count: &[u8]) -> (Done, Vec<u8>) {
        let mut out = Vec::new();
        let mut reply = Reply::new(&mut out, RespVersion::V2, Dialect::default());
        let wanted = Wanted::of(&[count], None).unwrap();
        (write_reply(pool, wanted, &mut reply), out)
    }

    #[test]
    fn repeated_ones_are_as_many_as_are_asked_for_within_bounds() {
        for quick in [0, 1, 2] {
            let pool = Some(Numbers { len: 2, quick });
            let (done, reply) = replied(pool, b"-1000");
            assert_eq!(done, Ok(()));
            assert!(reply.starts_with(b"*1000\r\n"));
            let count = |number| reply.iter().filter(|&&byte| byte == number).count();
            assert_eq!(count(b':'), 1000);
            // If only the first of two is quick, this pool returns it three times of four, or one
            // of two if the elements were walked. The head has zeros too.
            let least = if quick == 1 { 150 } else { 400 };
            let (zeros, ones) = (count(b'0'), count(b'1'));
            assert!(zeros > least && ones > least, "{zeros} {ones}");
            // Nothing is written of a reply that would be too long.
            assert_eq!(replied(pool, b"-9223372036854775807"), (Err(TOO_MUCH), Vec::new()));
        }
        for empty in [None, Some(Numbers { len: 0, quick: 0 })] {
            assert_eq!(replied(empty, b"-9223372036854775807"), (Ok(()), b"*0\r\n".to_vec()));
        }
    }
}
