//! What `HRANDFIELD`, `SRANDMEMBER` and `ZRANDMEMBER` have in common: what is asked for, and how
//! elements are picked.

use std::collections::HashSet;
use std::hash::Hash;

use super::words;
use crate::call::{Args, CommandError, Done, Reply};

/// No reply grows beyond so many bytes: a client may ask for the same element without end.
const MAX_REPLY: usize = 512 << 20;
/// The bytes that any element takes in a reply.
const SHORTEST: usize = b"$0\r\n\r\n".len();
/// How many times more elements there are of which a few are tried, rather than that all are seen.
const FEW: usize = 3;

const OUT_OF_RANGE: CommandError = CommandError::new("ERR value is out of range");
const TOO_MUCH: CommandError = CommandError::new("ERR reply would be longer than 512 MB");

/// What elements are picked from.
pub(crate) trait Pool<'a> {
    /// An element, with what belongs to it.
    type Item: Copy;
    /// What tells elements apart.
    type Name: Copy + Eq + Hash;

    /// How many elements there are.
    fn len(&self) -> usize;

    /// All of them, in the order in which all are told.
    fn all(&self) -> impl Iterator<Item = Self::Item>;

    /// Any of them, each as likely as another one; `None` where it is not found at once.
    fn any(&self, random: &mut fastrand::Rng) -> Option<(Self::Name, Self::Item)>;

    /// Writes one, alone or with what belongs to it.
    fn write(item: Self::Item, paired: bool, reply: &mut Reply<'_>);
}

/// How many elements a client asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    many: usize,
    /// Each is any of all, so that one may come twice.
    repeated: bool,
    /// With what belongs to them.
    paired: bool,
}

impl Asked {
    /// What `count [option]` asks for, which are the last words, if there is such an option.
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

impl Asked {
    /// About how many steps it takes to choose so many of `len` elements.
    pub(crate) fn steps(&self, len: usize) -> usize {
        // Where many of them are wanted without repetition all are looked at.
        let met = if self.repeated { self.many } else { self.many.saturating_mul(3).min(len) };
        met.saturating_mul(2)
    }
}

/// Any element.
pub(crate) fn one<'a, P: Pool<'a>>(pool: &P) -> Option<P::Item> {
    pick(pool, &mut fastrand::Rng::new())
}

fn pick<'a, P: Pool<'a>>(pool: &P, random: &mut fastrand::Rng) -> Option<P::Item> {
    if let Some((_, item)) = pool.any(random) {
        return Some(item);
    }
    // Some pools have to count.
    match pool.len() {
        0 => None,
        len => pool.all().nth(random.usize(..len)),
    }
}

/// Up to `many` elements, none of them twice; all of them, in their order, if there are no more.
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

/// Answers a command with a count.
///
/// # Errors
/// The reply would be too long.
pub(crate) fn tell<'a, P: Pool<'a>>(pool: Option<P>, asked: Asked, reply: &mut Reply<'_>) -> Done {
    let Asked { many, repeated, paired } = asked;
    match pool.filter(|pool| many > 0 && pool.len() > 0) {
        Some(pool) if repeated => tell_repeated(&pool, many, paired, reply),
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

/// Tells `many` elements, each any of all.
fn tell_repeated<'a, P: Pool<'a>>(
    pool: &P,
    many: usize,
    paired: bool,
    reply: &mut Reply<'_>,
) -> Done {
    if many > MAX_REPLY / SHORTEST {
        return Err(TOO_MUCH);
    }
    let mut random = fastrand::Rng::new();
    // Where they are not found at once they are walked once for all.
    let is_quick = pool.any(&mut random).is_some();
    let listed: Vec<_> = if is_quick { Vec::new() } else { pool.all().collect() };
    head(reply, many, paired);
    let start = reply.mark();
    for _ in 0..many {
        let item = random.choice(&listed).copied().or_else(|| pick(pool, &mut random));
        // There is one: the pool is not empty.
        let item = item.ok_or(OUT_OF_RANGE)?;
        P::write(item, paired, reply);
        if reply.mark() - start > MAX_REPLY {
            return Err(TOO_MUCH);
        }
    }
    Ok(())
}

/// The head of an array of elements: in RESP3 each has one of its own with what belongs to it.
fn head(reply: &mut Reply<'_>, len: usize, paired: bool) {
    reply.array(if paired && !reply.is_resp3() { 2 * len } else { len });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect;
    use tidegate_wire::resp::RespVersion;

    /// The numbers below `len`, some of which are found at once.
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

    fn told(pool: Option<Numbers>, count: &[u8]) -> (Done, Vec<u8>) {
        let mut out = Vec::new();
        let mut reply = Reply::new(&mut out, RespVersion::V2, Dialect::default());
        let asked = Asked::of(&[count], None).unwrap();
        (tell(pool, asked, &mut reply), out)
    }

    #[test]
    fn repeated_ones_are_as_many_as_are_asked_for_within_bounds() {
        for quick in [0, 1, 2] {
            let pool = Some(Numbers { len: 2, quick });
            let (done, reply) = told(pool, b"-1000");
            assert_eq!(done, Ok(()));
            assert!(reply.starts_with(b"*1000\r\n"));
            let count = |number| reply.iter().filter(|&&byte| byte == number).count();
            assert_eq!(count(b':'), 1000);
            // Where only the first of two is quick, this pool gives it three times of four, or
            // one of two where it was walked. The head has zeros too.
            let least = if quick == 1 { 150 } else { 400 };
            let (zeros, ones) = (count(b'0'), count(b'1'));
            assert!(zeros > least && ones > least, "{zeros} {ones}");
            // Not a byte is written of what would be too long.
            assert_eq!(told(pool, b"-9223372036854775807"), (Err(TOO_MUCH), Vec::new()));
        }
        for empty in [None, Some(Numbers { len: 0, quick: 0 })] {
            assert_eq!(told(empty, b"-9223372036854775807"), (Ok(()), b"*0\r\n".to_vec()));
        }
    }
}
