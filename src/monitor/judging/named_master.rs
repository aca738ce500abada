//! The server that proxy.toml names as master.

use crate::config::HostPort;

/// The server that proxy.toml names as master, and whether a reload has changed that.
#[derive(Debug)]
pub(in crate::monitor) struct NamedMaster {
    /// Its address in proxy.toml when the file was last looked at; `None` if Sentinels name the
    /// master.
    pub(in crate::monitor) addr: Option<HostPort>,
    /// Whether a reload named it and it has not answered since.
    pub(in crate::monitor) is_new: bool,
    /// Whether the log says that it does not answer.
    is_logged: bool,
}

impl NamedMaster {
    /// The server that is named at the start.
    pub(in crate::monitor) const fn new(addr: Option<HostPort>) -> Self {
        Self { addr, is_new: false, is_logged: false }
    }

    /// Notes that the file names this server now.
    pub(in crate::monitor) fn follow(&mut self, addr: Option<&HostPort>) {
        if addr != self.addr.as_ref() {
            *self = Self { addr: addr.cloned(), is_new: addr.is_some(), is_logged: false };
        }
    }

    /// Notes that it does not answer. True if that has to be logged.
    pub(in crate::monitor) fn is_missing(&mut self) -> bool {
        self.is_new && !std::mem::replace(&mut self.is_logged, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newly_named_master_is_missed_once() {
        let mut named = NamedMaster::new(Some(HostPort::local(1)));
        assert!(!named.is_missing(), "it was named from the start");
        named.follow(Some(&HostPort::local(1)));
        assert!(!named.is_new);
        named.follow(Some(&HostPort::local(2)));
        assert!(named.is_new && named.is_missing() && !named.is_missing());
        named.follow(Some(&HostPort::local(3)));
        assert!(named.is_missing(), "another one");
        named.follow(None);
        assert!(!named.is_new && !named.is_missing(), "Sentinels name it");
        named.follow(Some(&HostPort::local(3)));
        assert!(named.is_new, "named again");
    }
}
