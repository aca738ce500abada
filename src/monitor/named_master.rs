//! The server that proxy.toml names as master.

use crate::config::HostPort;

/// The server that proxy.toml names as master, and whether that is new.
#[derive(Debug)]
pub(super) struct NamedMaster {
    /// Its address in proxy.toml when the file was last looked at.
    pub(super) addr: HostPort,
    /// A reload named it, and it has not answered since.
    pub(super) is_new: bool,
    /// The log has said that it does not answer.
    is_told: bool,
}

impl NamedMaster {
    /// Named from the start.
    pub(super) const fn new(addr: HostPort) -> Self {
        Self { addr, is_new: false, is_told: false }
    }

    /// The file names this server now.
    pub(super) fn follow(&mut self, addr: &HostPort) {
        if *addr != self.addr {
            *self = Self { addr: addr.clone(), is_new: true, is_told: false };
        }
    }

    /// It does not answer; whether that is to be logged.
    pub(super) fn is_missing(&mut self) -> bool {
        self.is_new && !std::mem::replace(&mut self.is_told, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newly_named_master_is_missed_once() {
        let mut named = NamedMaster::new(HostPort::local(1));
        assert!(!named.is_missing(), "it was named from the start");
        named.follow(&HostPort::local(1));
        assert!(!named.is_new);
        named.follow(&HostPort::local(2));
        assert!(named.is_new && named.is_missing() && !named.is_missing());
        named.follow(&HostPort::local(3));
        assert!(named.is_missing(), "another one");
    }
}
