//! Finds several requests of a pipeline at once, and fetches for all of them what they will look up:
//! the processor waits for several places in memory at the same time.

use tidegate_wire::resp::request::{ProtocolError, Request};
use tidegate_wire::resp::{Limits, RequestScanner, RequestStep};

/// How many requests of a pipeline are found at once.
const AHEAD: usize = 16;
/// From how many requests on it is worth the time.
const WORTHWHILE: usize = 4;
/// A longer word is no usual name, and is not hashed twice.
const NAME_MAX: usize = 128;

/// Requests at the front of a buffer that were found and not begun.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    requests: [Option<Request>; AHEAD],
    count: usize,
    next: usize,
}

impl Ahead {
    /// Begins with another client's requests.
    pub(super) const fn begin(&mut self) {
        (self.count, self.next) = (0, 0);
    }

    /// The request at the front of `buf`; `None` if it is not complete. Where others are found
    /// behind it, `warm` gets their second and third words.
    pub(super) fn next(
        &mut self,
        scanner: &mut RequestScanner,
        buf: &[u8],
        limits: &Limits,
        warm: impl FnOnce(&[[&[u8]; 2]]),
    ) -> Result<Option<Request>, ProtocolError> {
        if let Some(request) = self.take() {
            return Ok(Some(request));
        }
        let RequestStep::Complete(first) = scanner.scan(buf, limits)? else { return Ok(None) };
        if first.len == buf.len() {
            return Ok(Some(first));
        }
        let mut names = [[&[][..]; 2]; AHEAD];
        (self.count, self.next) = (0, 0);
        let (mut at, mut found) = (0, Some(first));
        while let Some(request) = found {
            let frame = &buf[at..at + request.len];
            let third = Some(request.third.of(frame)).filter(|third| third.len() <= NAME_MAX);
            names[self.count] = [request.second.of(frame), third.unwrap_or_default()];
            self.requests[self.count] = Some(request);
            self.count += 1;
            at += request.len;
            let goes_on = self.count < AHEAD && at < buf.len();
            found = if goes_on { Self::find(scanner, &buf[at..], limits) } else { None };
        }
        let names = &names[..self.count];
        if names.len() >= WORTHWHILE && names.iter().all(|[key, _]| key.len() <= NAME_MAX) {
            warm(names);
        }
        Ok(self.take())
    }

    /// A further request at the front of `buf`, if it is complete. A mistake is found again when
    /// the requests before it are answered.
    fn find(scanner: &mut RequestScanner, buf: &[u8], limits: &Limits) -> Option<Request> {
        match scanner.scan(buf, limits) {
            Ok(RequestStep::Complete(request)) => Some(request),
            Ok(RequestStep::NeedMore { .. }) => None,
            Err(_) => {
                *scanner = RequestScanner::default();
                None
            }
        }
    }

    fn take(&mut self) -> Option<Request> {
        let request = self.requests[..self.count].get(self.next).copied().flatten()?;
        self.next += 1;
        Some(request)
    }

    /// Forgets the requests that were not begun: `scanner` looks for them again.
    pub(super) fn forget(&mut self, scanner: &mut RequestScanner) {
        if self.take().is_some() {
            (self.count, self.next) = (0, 0);
            *scanner = RequestScanner::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { bulk_max: 1024, authenticated: true };

    fn warmed(ahead: &mut Ahead, scanner: &mut RequestScanner, buf: &[u8]) -> (usize, Vec<String>) {
        let mut words = Vec::new();
        let warm = |names: &[[&[u8]; 2]]| {
            let text = |[key, name]: &[&[u8]; 2]| {
                String::from_utf8_lossy(key).into_owned() + &String::from_utf8_lossy(name)
            };
            words = names.iter().map(text).collect();
        };
        let found = ahead.next(scanner, buf, &LIMITS, warm).expect("no mistake");
        (found.map_or(0, |request| request.len), words)
    }

    fn gets(count: usize) -> Vec<u8> {
        (0..count)
            .flat_map(|at| format!("*2\r\n$3\r\nGET\r\n$2\r\n{at:02}\r\n").into_bytes())
            .collect()
    }

    #[test]
    fn requests_come_one_by_one_and_are_prepared_together() {
        let (mut ahead, mut scanner) = (Ahead::default(), RequestScanner::default());
        let buf = gets(20);
        let len = buf.len() / 20;
        for at in 0..20 {
            let (found, words) = warmed(&mut ahead, &mut scanner, &buf[at * len..]);
            assert_eq!(found, len);
            match at {
                0 => assert_eq!((words.len(), &*words[15]), (16, "15")),
                16 => assert_eq!(words, ["16", "17", "18", "19"]),
                _ => assert!(words.is_empty(), "{at}: {words:?}"),
            }
        }
    }

    #[test]
    fn a_mistake_is_found_in_its_turn() {
        let (mut ahead, mut scanner) = (Ahead::default(), RequestScanner::default());
        let mut buf = gets(2);
        let len = buf.len() / 2;
        buf.extend_from_slice(b"*1\r\n!3\r\n");
        assert_eq!(warmed(&mut ahead, &mut scanner, &buf).0, len);
        assert_eq!(warmed(&mut ahead, &mut scanner, &buf[len..]).0, len);
        assert!(ahead.next(&mut scanner, &buf[2 * len..], &LIMITS, |_| {}).is_err());
    }

    #[test]
    fn what_is_forgotten_or_incomplete_is_found_again() {
        let (mut ahead, mut scanner) = (Ahead::default(), RequestScanner::default());
        let buf = gets(6);
        let len = buf.len() / 6;
        let cut = &buf[..5 * len + 7];
        assert_eq!(warmed(&mut ahead, &mut scanner, cut).1.len(), 5);
        ahead.forget(&mut scanner);
        for at in 1..5 {
            assert_eq!(warmed(&mut ahead, &mut scanner, &cut[at * len..]).0, len);
        }
        assert_eq!(warmed(&mut ahead, &mut scanner, &cut[5 * len..]).0, 0);
        assert_eq!(warmed(&mut ahead, &mut scanner, &buf[5 * len..]).0, len);
    }
}
