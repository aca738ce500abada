//! The address to which a server's name led.

use std::net::{IpAddr, SocketAddr};

use crate::config::HostPort;

/// How many look-ups in a row have to answer without the address of a server that works, until
/// the name counts as moved. Name servers that learn of a move one after the other must not have
/// it changed back and forth.
const ABSENT_MAX: u32 = 2;

/// The address to which a server's name led when it was reached, and what later look-ups of the
/// name say about it.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Endpoint {
    addr: Option<SocketAddr>,
    /// Whether it is known by a name.
    is_named: bool,
    /// How many look-ups in a row have answered without the address.
    absent: u32,
    /// A look-up is under way.
    is_asked: bool,
    /// The log has it that the name does not resolve.
    is_lost: bool,
}

/// What a look-up shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::monitor) enum Finding {
    /// Nothing has changed.
    Same,
    /// The name leads elsewhere: here is where it did.
    Moved(SocketAddr),
    /// The name does not resolve any more, for this reason; once.
    Lost(String),
    /// The name resolves again.
    Found,
}

impl Endpoint {
    /// The endpoint of the server at `addr`, if it was reached at `reached`.
    pub(super) fn new(addr: &HostPort, reached: Option<SocketAddr>) -> Self {
        let ip = addr.host.parse::<IpAddr>().ok();
        let addr = ip.map(|ip| SocketAddr::new(ip, addr.port)).or(reached);
        Self { addr, is_named: ip.is_none(), absent: 0, is_asked: false, is_lost: false }
    }

    /// The address, once it is known.
    pub(in crate::monitor) const fn addr(&self) -> Option<SocketAddr> {
        self.addr
    }

    /// Notes that the server was reached at this address. Returns the former one if that was
    /// another.
    pub(in crate::monitor) fn reach(&mut self, at: SocketAddr) -> Option<SocketAddr> {
        let before = *self.addr.get_or_insert(at);
        (before != at && self.is_named).then_some(before)
    }

    /// Whether the name is to be looked up now; if so, it counts as asked.
    pub(in crate::monitor) const fn begin(&mut self) -> bool {
        let is_due = self.is_named && self.addr.is_some() && !self.is_asked;
        self.is_asked |= is_due;
        is_due
    }

    /// Takes the outcome of a look-up. A server that does not answer (`is_well`) has moved at the
    /// first answer without its address.
    pub(in crate::monitor) fn hear(
        &mut self,
        answer: Result<Vec<IpAddr>, String>,
        is_well: bool,
    ) -> Finding {
        self.is_asked = false;
        let Some(addr) = self.addr else { return Finding::Same };
        let found = match answer {
            Ok(found) => found,
            Err(_) if self.is_lost => return Finding::Same,
            Err(why) => {
                self.is_lost = true;
                return Finding::Lost(why);
            }
        };
        let was_lost = std::mem::take(&mut self.is_lost);
        if found.contains(&addr.ip()) {
            self.absent = 0;
        } else {
            self.absent += 1;
            if !is_well || self.absent >= ABSENT_MAX {
                return Finding::Moved(addr);
            }
        }
        if was_lost { Finding::Found } else { Finding::Same }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    /// A name that led to 10.0.0.1.
    fn named() -> Endpoint {
        let name = HostPort { host: "name".to_owned(), port: 7 };
        Endpoint::new(&name, Some(SocketAddr::new(ip(1), 7)))
    }

    #[test]
    fn an_address_is_never_looked_up() {
        let mut endpoint = Endpoint::new(&HostPort::local(7), None);
        assert!(endpoint.addr().is_some() && !endpoint.begin());
    }

    #[test]
    fn a_name_is_looked_up_once_at_a_time_when_it_has_led_somewhere() {
        let name = HostPort { host: "name".to_owned(), port: 7 };
        let mut endpoint = Endpoint::new(&name, None);
        assert!(!endpoint.begin());
        let (one, two) = (SocketAddr::new(ip(1), 7), SocketAddr::new(ip(2), 7));
        assert_eq!((endpoint.reach(one), endpoint.reach(one)), (None, None));
        assert!(endpoint.begin() && !endpoint.begin());
        endpoint.hear(Ok(vec![ip(1)]), true);
        assert!(endpoint.begin());
        assert_eq!(endpoint.reach(two), Some(one));
    }

    #[test]
    fn one_of_several_addresses_stays() {
        let mut endpoint = named();
        for order in [vec![ip(1), ip(2)], vec![ip(2), ip(1)], vec![ip(1)]] {
            assert_eq!(endpoint.hear(Ok(order), true), Finding::Same);
        }
    }

    #[test]
    fn a_server_that_works_moves_at_the_second_answer_in_a_row() {
        let mut endpoint = named();
        assert_eq!(endpoint.hear(Ok(vec![ip(2)]), true), Finding::Same);
        assert_eq!(endpoint.hear(Ok(vec![ip(1)]), true), Finding::Same);
        assert_eq!(endpoint.hear(Ok(vec![ip(2)]), true), Finding::Same);
        let old = SocketAddr::new(ip(1), 7);
        assert_eq!(endpoint.hear(Ok(vec![ip(3)]), true), Finding::Moved(old));
    }

    #[test]
    fn a_server_that_does_not_answer_moves_at_once() {
        let old = SocketAddr::new(ip(1), 7);
        assert_eq!(named().hear(Ok(vec![ip(2)]), false), Finding::Moved(old));
    }

    #[test]
    fn a_name_that_stops_resolving_is_logged_once_and_leads_where_it_did() {
        let mut endpoint = named();
        let no = || Err("no such host".to_owned());
        assert_eq!(endpoint.hear(no(), true), Finding::Lost("no such host".to_owned()));
        assert_eq!(endpoint.hear(no(), false), Finding::Same);
        assert_eq!(endpoint.addr(), Some(SocketAddr::new(ip(1), 7)));
        assert_eq!(endpoint.hear(Ok(vec![ip(1)]), true), Finding::Found);
        assert_eq!(endpoint.hear(Ok(vec![ip(1)]), true), Finding::Same);
    }
}
