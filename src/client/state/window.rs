//! How many requests of one client may be in flight: as many as their replies have room for.
//!
//! The size of replies is known only from those before them. So few requests are sent at first,
//! then twice as many each time that all were answered and small.

/// The requests of a client that may be in flight at first.
const WINDOW_MIN: u64 = 16;
/// The requests of a client that may be in flight at most.
const WINDOW_MAX: u64 = 4096;
/// The expected size of the replies in flight at most, in bytes; one reply may always be in flight.
const UNDER_WAY: usize = 4 * 1024 * 1024;
/// How many requests may be in flight.
#[derive(Debug)]
pub(in crate::client) struct Window {
    size: u64,
    /// Requests that may be begun before [`Self::renew`] counts those in flight again; 0 while the
    /// window is full.
    allowance: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self { size: WINDOW_MIN, allowance: 1 }
    }
}

impl Window {
    /// Whether another request may be begun without a call of [`Self::renew`].
    #[inline]
    pub(in crate::client) const fn is_open(&self) -> bool {
        self.allowance > 0
    }

    /// A request was begun.
    #[inline]
    pub(in crate::client) const fn take(&mut self) {
        self.allowance = self.allowance.saturating_sub(1);
    }

    /// Computes how many requests may start while `owed` are in flight and replies have `usual`
    /// bytes; false for none. A full window opens again only when half of it is answered.
    pub(in crate::client) fn renew(&mut self, owed: u64, usual: usize) -> bool {
        let fits = (UNDER_WAY / usual.max(1)) as u64;
        let fits = fits.clamp(1, WINDOW_MAX);
        let was_met = self.allowance == 0;
        self.size = self.size.min(fits);
        if was_met && owed <= self.size / 2 {
            self.size = (self.size * 2).min(fits);
        } else if was_met || owed >= self.size {
            self.allowance = 0;
            return false;
        }
        self.allowance = self.size - owed;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many requests are begun while `owed` are in flight.
    fn take_all(window: &mut Window, owed: u64, usual: usize) -> u64 {
        let mut taken = 0;
        while window.is_open() || window.renew(owed + taken, usual) {
            window.take();
            taken += 1;
        }
        taken
    }

    #[test]
    fn it_grows_while_replies_are_small() {
        let mut window = Window::default();
        assert!(window.renew(0, 0));
        assert_eq!(take_all(&mut window, 0, 0), 16);
        assert!(!window.renew(9, 100), "not before half of them are answered");
        let mut sizes = Vec::new();
        for _ in 0..10 {
            sizes.push(take_all(&mut window, 0, 100));
        }
        assert_eq!(sizes, [32, 64, 128, 256, 512, 1024, 2048, 4096, 4096, 4096]);
    }

    #[test]
    fn large_replies_close_it_to_what_has_room() {
        let mut window = Window::default();
        for _ in 0..10 {
            take_all(&mut window, 0, 100);
        }
        assert_eq!(take_all(&mut window, 0, 1024 * 1024), 4);
        assert_eq!(take_all(&mut window, 0, 100 * 1024 * 1024), 1);
        assert_eq!(take_all(&mut window, 1, 100 * 1024 * 1024), 0);
        assert_eq!(take_all(&mut window, 0, 100 * 1024 * 1024), 1);
        assert_eq!(take_all(&mut window, 0, 100), 2, "and it grows again");
    }

    /// A client that never filled its window has not shown that it needs a larger one.
    #[test]
    fn it_does_not_grow_unmet() {
        let mut window = Window::default();
        for _ in 0..100 {
            assert!(window.renew(0, 10));
            window.take();
        }
        assert_eq!(window.size, 16);
    }
}
